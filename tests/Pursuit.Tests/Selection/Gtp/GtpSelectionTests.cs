using System.Text.Json;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Methods;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Gtp;

/// <summary>What becomes of a pursuit: fills, weights, budgets, quotas, reports, refusals.</summary>
public sealed class GtpSelectionTests
{
    [Theory]
    [InlineData(GtpFill.Herd)]
    [InlineData(GtpFill.Peel)]
    public void A_fill_uses_the_whole_budget_and_repeats_nothing(GtpFill fill)
    {
        var selection = Gradients.Realistic(400, 24, "150");
        var chosen = GtpLawTests.Select(selection, new GtpOptions { Fill = fill, Groups = TargetGrouping.Clusters });
        var details = (PursuitDetails)chosen.Details!;
        chosen.Rows.Count.ShouldBe(150);
        chosen.Rows.Select(r => r.Position).ShouldBeUnique();
        details.Wanted.ShouldBeLessThan(150);
        details.NearDuplicates.ShouldAllBe(p => p.Cosine <= 0.99);
    }

    [Fact]
    public void Herding_serves_uniform_training_better_than_the_same_number_of_best_correlated_rows()
    {
        var selection = Gradients.Realistic(400, 24, "150");
        var herd = (PursuitDetails)GtpLawTests.Select(selection, new GtpOptions { Batch = 0 }).Details!;
        var problem = GtpLawTests.Open(selection, new GtpOptions());
        var scores = new double[400];
        problem.Scan(problem.Target.Uniform, 1, scores, CancellationToken.None);
        var top = problem.NewSupport();
        top.Add([.. RowOrder.ByScore(scores, selection.ContentIds).Take(150).Select(r => r.Position)]);
        herd.UniformResidual.ShouldBeLessThan(problem.UniformResidual(top.Sum()));
    }

    [Fact]
    public void Each_herded_row_is_the_best_of_all_when_a_pass_adds_one()
    {
        var selection = Gradients.Realistic(120, 24, "20");
        var problem = GtpLawTests.Open(selection, new GtpOptions { Batch = 0 });
        int[] chosen = [3, 50, 77];
        var added = new HerdingFill(problem, chosen).Fill(_ => 1, 5, 5, null, CancellationToken.None);
        added.Count.ShouldBe(5);
        foreach (var next in added)
        {
            double After(int row)
            {
                var support = problem.NewSupport();
                support.Add([.. chosen, row]);
                return problem.UniformResidual(support.Sum());
            }

            var best = Enumerable.Range(0, 120).Except(chosen).Min(After);
            After(next).ShouldBe(best, Tolerances.FloatReordered);
            chosen = [.. chosen, next];
        }
    }

    [Fact]
    public void A_group_for_every_example_is_what_as_many_named_groups_are_and_leaves_out_those_without_a_gradient()
    {
        string[] names = [.. Enumerable.Range(1, 12).Select(v => $"example {v}")];
        var named = Gradients.Realistic(300, 12, "40", groups: names);
        var examples = named with { TargetGroups = [], TargetGroupNames = [] };
        var (chosen, expected) = (
            GtpLawTests.Select(examples, new GtpOptions { Groups = TargetGrouping.Examples }),
            GtpLawTests.Select(named, new GtpOptions { Groups = TargetGrouping.Named }));
        chosen.Rows.ShouldBe(expected.Rows);
        ((PursuitDetails)chosen.Details!).Groups.ShouldBe(names);
        ((PursuitDetails)chosen.Details!).GroupNoiseFloors.ShouldAllBe(floor => floor == 0, "one example says nothing of its noise");

        var target = Gradients.Gaussian(12, 48, 2, "examples");
        foreach (var block in target) block.AsSpan(3 * 48, 48).Clear();
        var lacking = Gradients.Problem((MemoryFeatures)named.Gradients.Pool!, new MemoryFeatures("target", 48, target, [0.7, 0.3]), "40");
        var without = GtpLawTests.Select(lacking, new GtpOptions { Groups = TargetGrouping.Examples });
        ((PursuitDetails)without.Details!).Groups.ShouldBe(names.Where((_, v) => v != 3));
        Should.Throw<PursuitException>(
            () => GtpLawTests.Select(Gradients.WithoutTarget(named), new GtpOptions { Groups = TargetGrouping.Examples }))
            .Message.ShouldContain("gtp.groups: examples, and no target");
    }

    [Fact]
    public void Without_a_fill_the_selection_is_what_the_pursuit_wanted_and_says_so()
    {
        var chosen = GtpLawTests.Select(
            Gradients.Realistic(400, 24, "150"), new GtpOptions { Fill = GtpFill.None, Groups = TargetGrouping.Clusters });
        chosen.Rows.Count.ShouldBe(((PursuitDetails)chosen.Details!).Wanted);
        chosen.Remarks.ShouldContain(r => r.Contains("stay unused", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("40")]
    [InlineData("2000-tokens")]
    [InlineData("10%-supervised-tokens")]
    public void Weights_have_mean_1_and_stay_below_the_clip_under_any_budget(string budget)
    {
        var chosen = GtpLawTests.Select(Gradients.Realistic(400, 24, budget), new GtpOptions { Clip = 1.2 });
        chosen.Spent.ShouldBeLessThanOrEqualTo(chosen.Budget);
        (chosen.Budget - chosen.Spent).ShouldBeLessThan(150); // the longest example
        chosen.Rows.Average(r => r.Weight).ShouldBe(1, Tolerances.DoubleReordered);
        chosen.Rows.Max(r => r.Weight).ShouldBe(1.2, Tolerances.DoubleReordered); // some would weigh more
        chosen.EffectiveSize.ShouldBeInRange(1, chosen.Rows.Count);
    }

    [Fact]
    public void What_the_clip_cuts_off_goes_to_the_others_in_proportion()
    {
        var clipped = RowWeights.Clipped([10, 2, 1, 1, 1, 1, 1, 1, 1, 1], 3);
        clipped[0].ShouldBe(3, Tolerances.DoubleReordered);
        clipped.Average().ShouldBe(1, Tolerances.DoubleReordered);
        clipped[1].ShouldBe(1.4, Tolerances.DoubleReordered); // 7 shared among 10 parts, of which it has 2
        RowWeights.Clipped([5, 5, 0.1], 1.2).ShouldBe([1.2, 1.2, 0.6], Tolerances.DoubleReordered);
        RowWeights.Clipped([7], 4).ShouldBe([1.0]);
    }

    [Theory]
    [InlineData(4, new[] { 1.0, 1, 1, 1 })]
    [InlineData(4, new[] { 0.2, 0.2, 0.2, 0.2 })]
    [InlineData(2, new[] { 3.0, 0, 3, 0 })]
    [InlineData(1, new[] { 7.0, 0, 0, 0 })]
    [InlineData(1.8, new[] { 2.0, 1, 0, 0 })]
    public void The_effective_size_is_how_many_equal_weights_are_worth_as_much(double expected, double[] weights)
    {
        var chosen = GtpLawTests.Select(Gradients.Realistic(50, 8, "4"), new GtpOptions());
        (chosen with { Rows = [.. weights.Select((w, i) => new RankedRow(i, 0, w))] }).EffectiveSize
            .ShouldBe(expected, Tolerances.DoubleReordered);
    }

    [Fact]
    public void A_row_weighs_what_its_groups_give_it_over_their_means_lengths()
    {
        var selection = Gradients.Realistic(200, 24, "30", groups: ["a", "b", "c"]) with
        {
            TargetGroups = [.. Enumerable.Range(0, 24).Select(v => v < 14 ? 0 : v < 21 ? 1 : 2)],
        };
        var options = new GtpOptions { Fill = GtpFill.None, Clip = 1e9 };
        var problem = GtpLawTests.Open(selection, options);
        var outcome = GtpLawTests.Pursue(selection, options, 30);
        var expected = outcome.Positions.Index().ToDictionary(
            x => x.Item,
            x => Enumerable.Range(0, 3)
                .Sum(j => Math.Sqrt(problem.Target.Shares[j]) * outcome.Weights[j][x.Index] / problem.Target.MeanNorms[j]));
        var mean = expected.Values.Average();
        var chosen = GtpLawTests.Select(selection, options);
        chosen.Rows.Count.ShouldBe(expected.Count);
        foreach (var row in chosen.Rows) row.Weight.ShouldBe(expected[row.Position] / mean, Tolerances.FloatReordered);
    }

    [Fact]
    public void Uniform_training_should_imitate_each_group_by_its_share_whatever_its_gradients_length()
    {
        // Three examples of one direction and a much longer one of another: as 3 to 1.
        float[] target = [1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 50, 0];
        var pool = new MemoryFeatures("pool", 3, [[3, 1, 0, 3, -1, 0, 0, 0, 1]]);
        var selection = Gradients.Problem(pool, new MemoryFeatures("target", 3, [target]), "1") with
        {
            TargetGroups = [0, 0, 0, 1],
            TargetGroupNames = ["a", "b"],
        };
        var problem = GtpLawTests.Open(selection, new GtpOptions { Normalize = RowNormalization.None });
        problem.Target.Shares.ShouldBe([0.75, 0.25]);
        problem.UniformResidual([3, 1, 0]).ShouldBeLessThan(Tolerances.UniformResidualOfZero);
        problem.UniformResidual([1, 0, 0]).ShouldBe(Math.Sqrt(0.1), Tolerances.FloatReordered);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(15, 1)]
    [InlineData(16, 2)]
    [InlineData(40, 5)]
    [InlineData(64, 8)]
    [InlineData(200, 8)]
    public void Clusters_of_a_target_are_one_per_eight_examples_at_most_eight(int examples, int clusters)
    {
        var selection = Gradients.Realistic(60, examples, "10");
        GtpLawTests.Open(selection, new GtpOptions { Groups = TargetGrouping.Clusters }).Target.Groups.ShouldBe(clusters);
        // Halves of a group need several examples in it.
        GtpLawTests.Open(selection, new GtpOptions { NoiseFloor = GtpNoiseFloor.HeldOut }).Target.Groups.ShouldBe(clusters);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(15, 15)]
    [InlineData(64, 64)]
    [InlineData(65, 64)]
    [InlineData(200, 64)]
    public void An_unnamed_target_is_served_example_by_example_in_at_most_64_groups_without_a_noise_floor(int examples, int groups)
    {
        var target = GtpLawTests.Open(Gradients.Realistic(60, examples, "10"), new GtpOptions()).Target;
        target.Groups.ShouldBe(groups);
        target.Noise.ShouldAllBe(n => n == 0);
        target.Shares.Sum().ShouldBe(1, 1e-12);
    }

    [Fact]
    public void Raw_weights_are_the_normalized_ones_over_the_rows_lengths()
    {
        var selection = Gradients.Realistic(200, 24, "30");
        var options = new GtpOptions { Fill = GtpFill.None, Clip = 1e9, Normalize = RowNormalization.Row, NormFloor = 0 };
        var normalized = GtpLawTests.Select(selection, options).Rows;
        var raw = GtpLawTests.Select(selection, options with { Weights = WeightKind.Raw }).Rows;
        raw.Select(r => r.Position).ShouldBe(normalized.Select(r => r.Position));
        var features = selection.Gradients.Pool!;
        var ratios = raw.Zip(normalized, (a, b) => a.Weight / b.Weight * Math.Sqrt(
            Enumerable.Range(0, 2).Sum(t => features.Etabar[t] * features.Norms(t)[a.Position] * features.Norms(t)[a.Position])))
            .ToArray();
        ratios.ShouldAllBe(r => Math.Abs(r / ratios[0] - 1) < Tolerances.FloatReordered);
    }

    [Fact]
    public void A_result_with_its_report_survives_being_kept_as_JSON()
    {
        foreach (var method in new[] { "gtp", "less" })
        {
            var chosen = MethodOptions.Create(MethodRegistry.Find(method), [])
                .Select(Gradients.Realistic(100, 12, "20"), CancellationToken.None);
            var json = JsonSerializer.Serialize(chosen, RunJson.Compact);
            var read = JsonSerializer.Deserialize<SelectionResult>(json, RunJson.Compact)!;
            read.Details!.Summary.ShouldBe(chosen.Details!.Summary);
            JsonSerializer.Serialize(read, RunJson.Compact).ShouldBe(json);
        }
    }

    [Fact]
    public void Quotas_are_met_from_beyond_what_the_pursuit_wants()
    {
        var selection = Gradients.Realistic(400, 24, "60") with { Quotas = [SourceQuota.Parse("mail=70%..")] };
        var chosen = GtpLawTests.Select(selection, new GtpOptions());
        chosen.Rows.Count(r => selection.Sources[r.Position] == 2).ShouldBeGreaterThanOrEqualTo(42);
        chosen.Rows.Count.ShouldBe(60);
    }

    [Fact]
    public void The_report_has_what_a_person_needs_to_judge()
    {
        var selection = Gradients.Realistic(400, 24, "150", groups: ["code", "mail"]);
        var details = (PursuitDetails)GtpLawTests.Select(selection, new GtpOptions()).Details!;
        details.Groups.ShouldBe(["code", "mail"]);
        details.Shares.Sum().ShouldBe(1, Tolerances.DoubleReordered);
        details.Iterations.Count.ShouldBeGreaterThan(1);
        details.Iterations[^1].Residual.ShouldBeLessThan(details.Iterations[0].Residual);
        details.Passes.ShouldBeGreaterThanOrEqualTo(details.Iterations.Count);
        // every pass, and each row that was fitted;
        details.BytesRead.ShouldBeGreaterThanOrEqualTo((details.Passes * 400L + details.Wanted) * 96 * sizeof(float));
        details.Summary.ShouldContain(s => s.Key == "residual, weighted");
    }

    [Fact]
    public void The_reported_residuals_are_those_of_the_rows_that_are_chosen()
    {
        var selection = Gradients.Realistic(400, 24, "150", groups: ["code", "mail"]) with
        {
            TargetGroups = [.. Enumerable.Range(0, 24).Select(v => v < 20 ? 0 : 1)],
        };
        var chosen = GtpLawTests.Select(selection, new GtpOptions());
        var details = (PursuitDetails)chosen.Details!;
        details.Wanted.ShouldBeLessThan(150); // fills count in the uniform residual and not in the weighted one
        var parts = details.Shares.Zip(details.GroupResiduals, (share, residual) => share * residual * residual);
        Math.Sqrt(parts.Sum()).ShouldBe(details.Residual, Tolerances.FloatReordered);
        var problem = GtpLawTests.Open(selection, new GtpOptions());
        var all = problem.NewSupport();
        all.Add([.. chosen.Rows.Select(r => r.Position)]);
        details.UniformResidual.ShouldBe(problem.UniformResidual(all.Sum()), Tolerances.FloatReordered);
    }

    [Fact]
    public void Zero_gradients_are_counted_and_never_chosen()
    {
        var selection = Gradients.Realistic(100, 24, "80");
        var pool = (MemoryFeatures)selection.Gradients.Pool!;
        var blocks = Gradients.Blocks(pool, [.. Enumerable.Range(0, 100)]);
        foreach (var block in blocks) block.AsSpan(0, 15 * pool.Dimension).Clear();
        blocks[0].AsSpan(15 * pool.Dimension, pool.Dimension).Clear(); // zero at one checkpoint alone isn't zero
        var chosen = GtpLawTests.Select(
            selection with
            {
                Gradients = selection.Gradients with { Pool = new MemoryFeatures("pool", pool.Dimension, blocks, pool.Etabar) },
            },
            new GtpOptions());
        ((PursuitDetails)chosen.Details!).ZeroRows.ShouldBe(15);
        chosen.Rows.Count.ShouldBe(80);
        chosen.Rows.ShouldAllBe(r => r.Position >= 15);
    }

    [Theory]
    [InlineData(RowNormalization.Checkpoint)]
    [InlineData(RowNormalization.Row)]
    public void Target_gradients_shorter_than_the_pools_floor_are_reported(RowNormalization normalization)
    {
        var selection = Gradients.Realistic(100, 24, "20");
        var target = (MemoryFeatures)selection.Gradients.Target!;
        var blocks = Gradients.Blocks(target, [.. Enumerable.Range(0, 24)]);
        foreach (var block in blocks)
            for (var k = 0; k < block.Length; k++) block[k] *= k / target.Dimension < 18 ? 1e-6f : 1e6f;
        var chosen = GtpLawTests.Select(
            selection with
            {
                Gradients = selection.Gradients with { Target = new MemoryFeatures("target", target.Dimension, blocks, target.Etabar) },
            },
            new GtpOptions { Normalize = normalization });
        ((PursuitDetails)chosen.Details!).TargetBelowFloor.ShouldBe(0.75);
        chosen.Remarks.ShouldContain(r => r.Contains("norm floor", StringComparison.Ordinal));
    }

    [Fact]
    public void Near_duplicates_among_the_chosen_are_reported_once()
    {
        var rows = GradientRows.OfPool(new MemoryFeatures("pool", 2, [[1, 0, 1, 0.1f, 0, 1, 2, 0]]), RowConstruction.ExactUnit);
        NearDuplicates.Among(rows, [1, 2, 0, 3], CancellationToken.None)
            .Select(p => (p.First, p.Second)).ShouldBe([(1, 0), (1, 3), (0, 3)]);
    }

    [Fact]
    public void Near_duplicates_are_found_however_far_apart_they_rank()
    {
        const int Chosen = 700;
        var values = Gradients.Gaussian(Chosen, 32, 1, "ranks")[0];
        values.AsSpan(0, 32).CopyTo(values.AsSpan(650 * 32));
        values.AsSpan(300 * 32, 32).CopyTo(values.AsSpan(301 * 32));
        var rows = GradientRows.OfPool(new MemoryFeatures("pool", 32, [values]), RowConstruction.ExactUnit);
        NearDuplicates.Among(rows, [.. Enumerable.Range(0, Chosen)], CancellationToken.None).Select(p => (p.First, p.Second))
            .ShouldBe([(0, 650), (300, 301)]);
    }

    [Theory]
    [InlineData(GtpFill.Herd)]
    [InlineData(GtpFill.Peel)]
    public void A_fill_passes_over_rows_that_nearly_repeat_a_chosen_one(GtpFill fill)
    {
        // Every row twice, the second with a cosine of about 0.995 to the first.
        var once = (MemoryFeatures)Gradients.Realistic(100, 24, "1").Gradients.Pool!;
        var blocks = Gradients.Blocks(once, [.. Enumerable.Range(0, 200).Select(i => i % 100)]);
        var noise = Gradients.Gaussian(200, once.Dimension, 2, "near");
        for (var block = 0; block < 2; block++)
        {
            for (var i = 100; i < 200; i++)
            {
                var row = blocks[block].AsSpan(i * once.Dimension, once.Dimension);
                var length = (float)Math.Sqrt(GradientRows.Dot(row, row) / once.Dimension);
                for (var k = 0; k < row.Length; k++) row[k] += 0.1f * length * noise[block][i * once.Dimension + k];
            }
        }

        var selection = Gradients.Problem(
            new MemoryFeatures("pool", once.Dimension, blocks, once.Etabar),
            (MemoryFeatures)Gradients.Realistic(100, 24, "1").Gradients.Target!, "90");
        var chosen = GtpLawTests.Select(selection, new GtpOptions { Fill = fill, Groups = TargetGrouping.Clusters });
        var fills = chosen.Rows.Where(r => r.Score == 0).Select(r => r.Position).ToHashSet();
        fills.Count.ShouldBeGreaterThan(20);
        ((PursuitDetails)chosen.Details!).NearDuplicates
            .ShouldAllBe(p => p.Cosine <= 0.99 || (!fills.Contains(p.First) && !fills.Contains(p.Second)));
    }

    [Fact]
    public void A_target_none_of_the_pool_points_to_is_refused()
    {
        var pool = new MemoryFeatures("pool", 2, [[1, 0, 0, 1]]);
        var selection = Gradients.Problem(pool, new MemoryFeatures("target", 2, [[-1, -1]]), "1");
        Should.Throw<PursuitException>(() => GtpLawTests.Select(selection, new GtpOptions())).Message
            .ShouldContain("points toward the target");
    }

    [Theory]
    [InlineData(7, "at most the target's 6 examples")]
    public void More_groups_than_target_examples_are_refused(int clusters, string expected)
    {
        var selection = Gradients.Realistic(50, 6, "10");
        Should.Throw<PursuitException>(() => GtpLawTests.Select(selection, new GtpOptions { Clusters = clusters })).Message
            .ShouldContain(expected);
    }

    [Fact]
    public void All_faults_of_the_options_come_at_once()
    {
        var message = Should.Throw<PursuitException>(
            () => new GtpSelector(new GtpOptions { Iterations = 0, Lambda = -1, Clip = 1, Weights = WeightKind.Raw })).Message;
        foreach (var option in new[] { "gtp.iterations", "gtp.lambda", "gtp.clip", "gtp.weights" }) message.ShouldContain(option);
    }

    [Fact]
    public void Centring_without_a_target_is_refused_with_what_to_do()
    {
        var selection = Gradients.WithoutTarget(Gradients.Realistic(50, 6, "10"));
        Should.Throw<PursuitException>(() => GtpLawTests.Select(selection, new GtpOptions { Centre = true })).Message
            .ShouldContain("gtp.clusters");
    }
}
