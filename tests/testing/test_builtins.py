"""The built-ins, peers included, run the very kit that plugins run."""

import pytest

from mibench import Estimator, get_estimator, list_estimators, list_tasks, load_suite
from mibench.testing import find_subjects, parametrize_with_checks

QUICK = ["zero", "gaussian:correction=[none,wishart]", "binning",
         "binning:strategy=bayesian-blocks", "ksg", "ksg:algorithm=2", "mixed-ksg", "mesner-shalizi", "ross",
         "kozachenko-leonenko", "bi-ksg", "lnc", "scikit-learn", "ennemi",
         "infomeasure", "chain-rule:base=(gaussian)",
         "copula", "copula:base=(gaussian)", "copula-entropy", "extrapolated", "gaussian-copula",
         "projected:by=[pca,cca]",
         "darbellay-vajda", "counts:correction=[none,miller-madow,grassberger,chao-shen,shrinkage,nsb]"]  # fmt: skip
#: Trained networks, or slow otherwise: CI runs the kit on the first, `make zoo` on the second as well.
NEURAL = ["mine", "infonce"]
ZOO = [
    "ba", "club", "demi", "doe", "f-dime", "flo", "fmmi", "gmm", "i-alpha", "infonce-anchor", "js", "kde",
    "knife", "l1out", "latent-mi", "mienf", "minde", "mmg", "njee", "nwj", "smile", "tuba",
]  # fmt: skip
ESTIMATORS = [subject for text in QUICK for subject in find_subjects(text) if isinstance(subject, Estimator)]
MAPS = [
    "half-cube:base=(gaussian:rho=0.75)", "normal-cdf:base=(gaussian:rho=0.75)", "wiggly:base=(gaussian:rho=0.75)",
    "asinh:base=(total-correlation:dim=2,kind=student,nu=1)", "rotation:base=(gaussian:dim=5,mi=1)",
    "spiral:base=(gaussian:dim=3,mi=1)", "spiral:base=(normal-cdf:base=(gaussian:dim=3,mi=1))",
    "swiss-roll:base=(normal-cdf:base=(gaussian:rho=0.75)),only=1",
    *(f"marginals:base=(normal-cdf:base=(gaussian:rho=0.75)),to={to}" for to in
      ("normal", "exponential", "laplace", "lognormal", "pareto", "cauchy", "bimodal")),
]  # fmt: skip
TASKS = [
    "binary-gaussian", "gaussian:mi=1", "gaussian:dim=20,mi=20", "gaussian:rho=0", "dimension-scaling",
    "dimension-scaling:dim=8,mode=embedded,signal_dims=2,mi=1", "total-correlation:dim=4,kind=ar1,rho=0.5",
    "total-correlation:dim=2,kind=rotated-uniform", "total-correlation:dim=2,kind=student,nu=3",
    "total-correlation:dim=3,kind=student", "symmetric-channel:levels=4,error=0.2", "erasure-channel",
    "uniform-overlap", "gaussian-atoms", "zero-inflated-poisson", "class-clusters:classes=3,dim=2,separation=2",
    "rare-event:share=0.2,mi=1", "gaussian-copula:rho=0.6", "t-copula:rho=0.3,nu=3", "clayton:theta=2",
    "gumbel:theta=2", "frank:theta=5", "clayton:theta=1,dim=3",
    *MAPS,
    "additive-noise:noise=laplace,noise_scale=0.5", "letters:shape=X", "letters:shape=AI", "waves",
    "gaussian-tree:count=4,shape=line,rho=0.5", "spin-chain:count=4,flip=0.2", "parity:count=3",
    "student-blocks:count=3,nu=3",
    "common-scale:count=3,scales=4", "hidden-structure:dim=12,signal_dims=2,mi=1",
    "coupling:base=(gaussian:dim=4,mi=1)",
    "two-balls:distance=3", "concentric:dim_x=3,components=4", "inliers:dim=3,rho=0.8,share=0.2",
    "multivariate-normal:dim_x=3,dim_y=2,structure=dense,rho=0.4", "multivariate-student:dim_x=2,dim_y=2,nu=2",
    "multiplicative-noise", "cross:noise=0.3", "circle:noise=0.3",
    "functional-noise:function=sine,noise=0.3",
    "random-mixture",
    "digit-pairs:mi=1.5", "digit-label:error=0.2", "noisy-digits:noise=16", "noisy-digits:noise=32,about=label",
    "pattern-channel:count=5,noise=6,side=4", "blobs:base=(normal-cdf:base=(gaussian:dim=2,mi=1))",
    "rectangles:base=(normal-cdf:base=(gaussian:dim=4,mi=1)),side=6",
    "information-plane:net=binary,layer=5,epoch=100,pair=xt", "information-plane:net=quantised,layer=4,epoch=3,pair=ty",
    "information-plane:net=noisy,layer=5,epoch=30,pair=ty", "information-plane:net=linear,layer=3,epoch=300,pair=xt",
    "random-table:rows=4,columns=4", "quantised-gaussian:bins=4,rho=0.6", "quantised-gaussian:bins=6,rho=0.8,cut=first",
    "disentanglement:asset=c5-0,pair=tc", "disentanglement:asset=c5-0,pair=xz",
    "disentanglement:asset=c5-0,pair=xz,about=index", "disentanglement:asset=c5-0,pair=pair,first=4,second=5",
    "gaussian-mean:rows=5",
]  # fmt: skip

#: Generative models, which take minutes each as well.


@parametrize_with_checks(ESTIMATORS)
def test_estimators_keep_their_promises(subject, check):
    check(subject)


@parametrize_with_checks(TASKS)
def test_tasks_keep_their_promises(subject, check):
    check(subject)


@pytest.mark.slow
@parametrize_with_checks(load_suite("catalogue").build_tasks())
def test_every_task_of_the_catalogue_keeps_its_promises(subject, check):
    check(subject)


@pytest.mark.slow
@parametrize_with_checks([get_estimator(name) for name in NEURAL])
def test_neural_estimators_keep_their_promises(subject, check):
    check(subject)


@pytest.mark.zoo
@parametrize_with_checks([get_estimator(name) for name in ZOO])
def test_the_whole_zoo_keeps_its_promises(subject, check):
    check(subject)


def test_no_built_in_is_left_out():
    checked = {subject.name for subject in ESTIMATORS} | {*NEURAL, *ZOO}
    assert checked | {"subprocess"} == set(list_estimators())
    assert {text.partition(":")[0] for text in TASKS} == set(list_tasks())
