using System.Text.Json;
using Pursuit.Data.Deduplication;
using Pursuit.Proof;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Data.Deduplication;

/// <summary>The parts of finding near duplicates, held against Python (tests/fixtures/minhash/make.py) and their definitions.</summary>
public sealed class MinHashTests : IDisposable
{
    private readonly JsonDocument _golden = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Fixture("minhash", "golden.json")));

    public void Dispose() => _golden.Dispose();

    [Fact]
    public void Grams_and_signatures_are_those_of_their_definition_in_another_language()
    {
        var sample = _golden.RootElement.GetProperty("sample");
        var reader = new GramReader(new NearDuplicateOptions());
        var grams = reader.Read(sample.GetProperty("text").GetString()!);
        grams.Select(g => $"{g}").ShouldBe(sample.GetProperty("grams").EnumerateArray().Select(g => g.GetString()));
        reader.Read("Two  words!").Select(g => $"{g}").ShouldBe(sample.GetProperty("short").EnumerateArray().Select(g => g.GetString()));

        var wanted = sample.GetProperty("signature").EnumerateArray().Select(n => n.GetUInt32()).ToArray();
        var hash = new MinHash(wanted.Length, sample.GetProperty("seed").GetUInt64());
        var signature = new uint[wanted.Length];
        hash.Sign(grams, signature);
        signature.ShouldBe(wanted);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(126)]
    public void A_signature_has_each_functions_least_value(int length)
    {
        var random = new SeededRandom(5, "test/minhash");
        var set = Enumerable.Range(0, 40).Select(_ => random.NextUInt64()).ToArray();
        var hash = new MinHash(length, 3);
        var signature = new uint[length];
        hash.Sign(set, signature);
        for (var k = 0; k < length; k++) signature[k].ShouldBe(set.Min(x => hash.Hash(k, x)));
    }

    [Fact]
    public void Similarities_are_pythons_and_estimates_are_as_near_to_them_as_datasketchs()
    {
        foreach (var pair in _golden.RootElement.GetProperty("pairs").EnumerateArray())
        {
            var reader = new GramReader(new NearDuplicateOptions());
            var (a, b) = (reader.Read(pair.GetProperty("first").GetString()!), reader.Read(pair.GetProperty("second").GetString()!));
            var jaccard = pair.GetProperty("jaccard").GetDouble();
            new[] { a.Length, b.Length }.ShouldBe(pair.GetProperty("grams").EnumerateArray().Select(n => n.GetInt32()));
            GramSets.Jaccard(a, b, 0).ShouldBe(jaccard, 1e-12);

            var length = pair.GetProperty("length").GetInt32();
            var hash = new MinHash(length, 0);
            var (first, second) = (new uint[length], new uint[length]);
            hash.Sign(a, first);
            hash.Sign(b, second);
            // Four standard deviations of a share of independent agreements; a share of all of them has none.
            var tolerance = 4 * Math.Sqrt(jaccard * (1 - jaccard) / length) + 1e-12;
            MinHash.Estimate(first, second).ShouldBe(jaccard, tolerance);
            pair.GetProperty("estimate").GetDouble().ShouldBe(jaccard, tolerance);
        }
    }

    [Fact]
    public void Bands_find_pairs_with_the_published_probability_and_are_the_longest_that_find_enough()
    {
        foreach (var wanted in _golden.RootElement.GetProperty("bands").EnumerateArray())
        {
            new BandPlan(wanted.GetProperty("bands").GetInt32(), wanted.GetProperty("rows").GetInt32())
                .Probability(wanted.GetProperty("similarity").GetDouble())
                .ShouldBe(wanted.GetProperty("probability").GetDouble(), 1e-12);
        }

        foreach (var wanted in _golden.RootElement.GetProperty("plans").EnumerateArray())
        {
            var permutations = wanted.GetProperty("permutations").GetInt32();
            var plan = BandPlan.For(wanted.GetProperty("threshold").GetDouble(), permutations);
            plan.Rows.ShouldBe(wanted.GetProperty("rows").GetInt32());
            plan.Bands.ShouldBe(permutations / plan.Rows);
        }

        BandPlan.For(0.8, 128).ShouldBe(new BandPlan(21, 6));
    }

    [Fact]
    public void The_similarity_of_sets_is_exact_from_the_threshold_on_and_only_below_it_elsewhere()
    {
        var random = new SeededRandom(1, "test/jaccard");
        for (var i = 0; i < 2000; i++)
        {
            var (a, b) = (Set(), Set());
            var exact = a.Count + b.Count == 0 ? 1 : ReferenceNearDuplicates.Jaccard(a, b);
            var threshold = random.NextInt(21) / 20.0;
            var found = GramSets.Jaccard([.. a], [.. b], threshold);
            (found >= threshold).ShouldBe(exact >= threshold);
            if (exact >= threshold) found.ShouldBe(exact);
        }

        SortedSet<ulong> Set() => [.. Enumerable.Range(0, random.NextInt(12)).Select(_ => (ulong)random.NextInt(14))];
    }

    [Theory]
    [InlineData("It's 3.5 o'clock -- ÀÉ naïve, e\u0301tude; x_y")]
    [InlineData("春眠不覚暁 abc สวัสดี ป่า क्षत्रिय İstanbul")]
    [InlineData("...!?")]
    [InlineData("")]
    public void Words_are_those_of_answers(string text)
    {
        var words = AnswerText.Words(text);
        var reader = new GramReader(new NearDuplicateOptions { GramSize = 1 });
        reader.Read(text).Length.ShouldBe(words.Distinct().Count());
        // Written as single words between spaces, the same ones come out.
        reader.Read(string.Join(" | ", words)).ShouldBe(reader.Read(text));
    }

    [Fact]
    public void Characters_count_in_lower_case_with_white_space_as_one()
    {
        var reader = new GramReader(new NearDuplicateOptions { Unit = GramUnit.Characters, GramSize = 3 });
        reader.Read(" Ab\t\n c ").ShouldBe(reader.Read("ab c"));
        reader.Read("ab c").Length.ShouldBe(2);
        reader.Read("ab-c").ShouldNotBe(reader.Read("ab c"));
        reader.Read("a").Length.ShouldBe(1);
        reader.Read(" \n").ShouldBeEmpty();
    }

    [Fact]
    public void A_bucket_holds_the_first_of_its_kept_examples_up_to_a_bound()
    {
        var table = new BucketTable();
        var (pair, crowd) = (table.Add(2), table.Add(1000));
        for (var i = 0; i < 999; i++) table.Insert(crowd, i);
        table.Insert(pair, 5);
        var held = new List<int>();
        table.CopyTo(pair, held);
        held.ShouldBe([5]);
        held.Clear();
        table.CopyTo(crowd, held);
        held.ShouldBe(Enumerable.Range(0, BucketTable.MostCompared));
    }

    [Fact]
    public void The_cache_keeps_what_was_wanted_last_within_its_bound()
    {
        var cache = new GramCache(mostHashes: 40);
        for (var i = 0; i < 100; i++)
        {
            cache.Add(i, new GramSets(new ulong[5], new ulong[5]));
            cache.TryGet(0, out _).ShouldBeTrue("it is wanted all the time");
        }

        Enumerable.Range(0, 100).Count(i => cache.TryGet(i, out _)).ShouldBeLessThanOrEqualTo(4);
        cache.Add(200, new GramSets(new ulong[11], []));
        cache.TryGet(200, out _).ShouldBeFalse("it is too large to be held");
    }
}
