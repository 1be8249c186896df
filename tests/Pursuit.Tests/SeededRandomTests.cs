namespace Pursuit.Tests;

public sealed class SeededRandomTests
{
    [Fact]
    public void The_sequence_of_a_seed_and_purpose_is_fixed_for_ever()
    {
        // Computed with Python: hashlib.sha256 for the state, xoshiro256** by its authors' reference code.
        var stream = new SeededRandom(7, "test/fixed");
        var first = stream.NextUInt64();
        new SeededRandom(7, "test/fixed").NextUInt64().ShouldBe(first);
        new SeededRandom(8, "test/fixed").NextUInt64().ShouldNotBe(first);
        new SeededRandom(7, "test/other").NextUInt64().ShouldNotBe(first);
        new SeededRandom(7, "test/fixed", 1).NextUInt64().ShouldNotBe(first);
        first.ShouldBe(0x938AE8F2C80D74D1UL);
    }

    [Fact]
    public void A_bounded_draw_is_uniform()
    {
        var stream = new SeededRandom(1, "test/uniform");
        var counts = new int[7];
        for (var i = 0; i < 70_000; i++) counts[stream.NextInt(7)]++;
        // Chi-square with 6 degrees of freedom: 99.99% quantile 27.9.
        counts.Sum(c => (c - 10_000.0) * (c - 10_000.0) / 10_000.0).ShouldBeLessThan(27.9);
    }

    [Fact]
    public void A_gaussian_draw_has_mean_0_and_variance_1()
    {
        var stream = new SeededRandom(1, "test/gaussian");
        var draws = Enumerable.Range(0, 100_000).Select(_ => stream.NextGaussian()).ToArray();
        draws.Average().ShouldBe(0, 0.015); // 4.7 standard errors
        draws.Average(x => x * x).ShouldBe(1, 0.02); // 4.5 standard errors
    }

    [Fact]
    public void A_draw_for_an_example_depends_on_its_content_id_only()
    {
        var id = ContentId.Parse(string.Concat(Enumerable.Repeat("0123456789abcdef", 4)));
        SeededRandom.ForExample(3, "random", id).ShouldBe(SeededRandom.ForExample(3, "random", ContentId.Parse(id.ToString())));
        SeededRandom.ForExample(4, "random", id).ShouldNotBe(SeededRandom.ForExample(3, "random", id));
    }
}
