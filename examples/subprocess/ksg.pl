# The KSG estimator (type 1) in Perl, run by mibench as  perl ksg.pl SEED BLOCK1.npy BLOCK2.npy …
# Core Perl only; O(n^2) time.
use strict;
use warnings;
use List::Util qw(max sum);

sub read_npy {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "$path: $!\n";
    local $/;
    my $bytes = <$file>;
    my $length = unpack 'v', substr($bytes, 8, 2);
    my $header = substr($bytes, 10, $length);
    $header =~ /'shape': \((\d+), (\d+)\)/ or die "$path: not a matrix: $header\n";
    my ($rows, $columns) = ($1, $2);
    my @values = unpack 'd<*', substr($bytes, 10 + $length);
    return [map { [splice @values, 0, $columns] } 1 .. $rows];
}

sub digamma {
    my ($x, $shift) = ($_[0], 0);
    for (; $x < 10; $x++) { $shift -= 1 / $x }
    my $y = 1 / ($x * $x);
    return $shift + log($x) - 0.5 / $x
        - $y * (1/12 - $y * (1/120 - $y * (1/252 - $y * (1/240 - $y * (1/132 - $y * 691/32760)))));
}

my ($seed, @paths) = @ARGV;    # the seed is not needed here
my @blocks = map { read_npy($_) } @paths;
my ($k, $n, $total) = (5, scalar @{ $blocks[0] }, 0);
for my $i (0 .. $n - 1) {
    my @near = map { my $b = $_; [map { my $j = $_; max(map { abs($b->[$i][$_] - $b->[$j][$_]) } 0 .. $#{ $b->[$i] }) } 0 .. $n - 1] } @blocks;
    my @joint = sort { $a <=> $b } map { my $j = $_; max(map { $_->[$j] } @near) } grep { $_ != $i } 0 .. $n - 1;
    my $radius = $joint[$k - 1];
    # the point itself, at distance 0, is the "+ 1" of n_b + 1
    $total += sum(map { digamma(scalar grep { $_ < $radius } @$_) } @near);
}
printf qq({"nats": %.17g, "diagnostics": {"k": %d, "language": "Perl"}}\n),
    digamma($k) + (@blocks - 1) * digamma($n) - $total / $n, $k;
