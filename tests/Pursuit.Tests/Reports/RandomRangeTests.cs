using System.Numerics;
using Pursuit.Reports;

namespace Pursuit.Tests.Reports;

public sealed class RandomRangeTests
{
    [Fact]
    public void A_range_leaves_less_than_a_fortieth_of_all_choices_on_either_side_and_no_narrower_one_does()
    {
        var cases =
            from pool in new[] { 1, 2, 7, 40, 61 }
            from part in new[] { 0, 1, 3, 20, 61 }
            from chosen in new[] { 1, 2, 11, 39 }
            where part <= pool && chosen <= pool
            select (pool, part, chosen);
        foreach (var (pool, part, chosen) in cases)
        {
            var (low, high) = RandomRange.Of(pool, part, chosen);
            var where = $"{pool} {part} {chosen}";
            // Counted exactly: choices with k of the part, of all choices.
            BigInteger Ways(int k) => Choose(part, k) * Choose(pool - part, chosen - k);
            var all = Choose(pool, chosen);
            var support = Enumerable.Range(0, chosen + 1).Where(k => Ways(k) > 0).ToArray();
            BigInteger Below(int k) => support.Where(x => x < k).Aggregate(BigInteger.Zero, (sum, x) => sum + Ways(x));
            BigInteger Above(int k) => support.Where(x => x > k).Aggregate(BigInteger.Zero, (sum, x) => sum + Ways(x));
            (40 * Below(low) < all).ShouldBeTrue(where);
            (40 * Above(high) < all).ShouldBeTrue(where);
            (40 * Below(low + 1) >= all || support.Length == 1).ShouldBeTrue(where);
            (40 * Above(high - 1) >= all || support.Length == 1).ShouldBeTrue(where);
        }
    }

    [Fact]
    public void Large_pools_neither_under_nor_overflow()
    {
        // Mean 2,500, standard deviation 48.7 (hypergeometric): the normal quantiles agree to a count or two.
        var (low, high) = RandomRange.Of(1_000_000, 50_000, 50_000);
        low.ShouldBeInRange(2403, 2408);
        high.ShouldBeInRange(2592, 2598);
    }

    private static BigInteger Choose(int n, int k)
    {
        if (k < 0 || k > n) return 0;
        var ways = BigInteger.One;
        for (var i = 1; i <= k; i++) ways = ways * (n - k + i) / i;
        return ways;
    }
}
