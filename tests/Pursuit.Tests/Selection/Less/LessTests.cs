using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Grand;
using Pursuit.Selection.Less;
using Pursuit.Selection.Methods;
using Pursuit.Selection.Passes;
using Pursuit.Selection.TracIn;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Selection.Less;

/// <summary>The inner-product methods against their formulas.</summary>
public sealed class LessTests
{
    private static readonly string[] Tasks = ["code", "mail", "news"];

    [Fact]
    public void LESS_scores_are_the_largest_task_mean_of_weighted_cosines()
    {
        var selection = Gradients.Realistic(120, 15, "120", groups: Tasks);
        var scores = ReferenceLess.Scores(selection.Gradients.Pool!, selection.Gradients.Target!, selection.TargetGroups, 3);
        var rows = Choose(new LessSelector(new LessOptions()), selection).Rows;
        foreach (var row in rows) row.Score.ShouldBe(scores[row.Position].Max(), Tolerances.FloatReordered);
        rows.Select(r => r.Score).ShouldBe(rows.Select(r => r.Score).OrderDescending());
        rows.ShouldAllBe(r => r.Weight == 1);
    }

    [Fact]
    public void LESS_reports_for_which_task_its_examples_were_chosen()
    {
        var selection = Gradients.Realistic(120, 15, "30", groups: Tasks);
        var scores = ReferenceLess.Scores(selection.Gradients.Pool!, selection.Gradients.Target!, selection.TargetGroups, 3);
        int[] expected = [0, 0, 0];
        foreach (var own in scores.OrderByDescending(s => s.Max()).Take(30)) expected[own.ToList().IndexOf(own.Max())]++;
        var details = (LessDetails)Choose(new LessSelector(new LessOptions()), selection).Details!;
        details.Tasks.ShouldBe(Tasks);
        details.ChosenFor.ShouldBe(expected);
    }

    [Fact]
    public void Centring_takes_two_passes_more()
    {
        var selection = Gradients.Realistic(120, 15, "30", groups: Tasks);
        // 120 rows of 2 checkpoints of floats; the mean takes a pass and the centred norms another.
        var pass = 120L * 2 * selection.Gradients.Pool!.Dimension * sizeof(float);
        ((LessDetails)Choose(new LessSelector(new LessOptions()), selection).Details!).BytesRead.ShouldBe(pass);
        ((LessDetails)Choose(new LessSelector(new LessOptions { Centre = true }), selection).Details!).BytesRead.ShouldBe(3 * pass);
    }

    [Fact]
    public void Options_out_of_range_are_refused_by_both()
    {
        Should.Throw<PursuitException>(() => new LessSelector(new LessOptions { NormFloor = 1 }));
        Should.Throw<PursuitException>(() => new LessRoundRobinSelector(new LessRoundRobinOptions { NormFloor = -0.1 }))
            .Message.ShouldContain("less-round-robin.norm-floor");
        Should.Throw<PursuitException>(() => new DoublyGreedySelector(new LessOptions { NormFloor = 2 }))
            .Message.ShouldContain("doubly-greedy.norm-floor");
    }

    [Fact]
    public void LESS_does_not_see_how_long_a_gradient_is()
    {
        var selection = Gradients.Realistic(120, 15, "30", groups: Tasks);
        var longer = selection with
        {
            Gradients = selection.Gradients with
            {
                Pool = Gradients.Times(
            (MemoryFeatures)selection.Gradients.Pool!, 8)
            }
        };
        Choose(new LessSelector(new LessOptions()), longer).Rows.ShouldBe(Choose(new LessSelector(new LessOptions()), selection).Rows);
    }

    [Fact]
    public void Target_examples_count_as_unit_vectors_each()
    {
        // LESS averages unit vectors: one target example a hundred times as long must not outshout the others.
        var selection = Gradients.Realistic(120, 15, "30");
        var target = (MemoryFeatures)selection.Gradients.Target!;
        var blocks = Gradients.Blocks(target, [.. Enumerable.Range(0, 15)]);
        foreach (var block in blocks)
            for (var k = 0; k < target.Dimension; k++) block[k] *= 128;
        var loud = selection with
        {
            Gradients = selection.Gradients with
            {
                Target = new MemoryFeatures(
            "target", target.Dimension, blocks, target.Etabar)
            }
        };
        Choose(new LessSelector(new LessOptions()), loud).Rows.Select(r => r.Position)
            .ShouldBe(Choose(new LessSelector(new LessOptions()), selection).Rows.Select(r => r.Position));
    }

    [Fact]
    public void A_checkpoints_weight_is_its_share_of_the_learning_rate()
    {
        var selection = Gradients.Realistic(120, 15, "30");
        var pool = (MemoryFeatures)selection.Gradients.Pool!;
        var target = (MemoryFeatures)selection.Gradients.Target!;
        MemoryFeatures First(MemoryFeatures features, params double[] etabar) =>
            new(
                features.Name,
                features.Dimension,
                [.. Gradients.Blocks(features, [.. Enumerable.Range(0, features.Rows)]).Take(etabar.Length)],
                etabar);
        var muted = selection with { Gradients = new GradientInputs { Pool = First(pool, 1, 0), Target = First(target, 1, 0) } };
        var alone = selection with { Gradients = new GradientInputs { Pool = First(pool, 1), Target = First(target, 1) } };
        Choose(new LessSelector(new LessOptions()), muted).Rows.ShouldBe(Choose(new LessSelector(new LessOptions()), alone).Rows);
    }

    [Fact]
    public void Tasks_take_turns_in_round_robin()
    {
        var selection = Gradients.Realistic(120, 15, "30", groups: Tasks);
        var scores = ReferenceLess.Scores(selection.Gradients.Pool!, selection.Gradients.Target!, selection.TargetGroups, 3);
        var chosen = Choose(new LessRoundRobinSelector(new LessRoundRobinOptions { Turns = LessTurns.Groups }), selection);
        ((LessDetails)chosen.Details!).ChosenFor.ShouldBe([10, 10, 10]);
        var free = Enumerable.Range(0, 120).ToHashSet();
        for (var rank = 0; rank < 30; rank++)
        {
            var task = rank % 3;
            var best = free.MaxBy(i => scores[i][task]);
            chosen.Rows[rank].Position.ShouldBe(best);
            free.Remove(best);
        }
    }

    [Fact]
    public void Target_examples_take_turns_by_default()
    {
        var selection = Gradients.Realistic(120, 15, "40", groups: Tasks);
        var pool = ReferenceRows.Phi(selection.Gradients.Pool!, new(RowNormalization.Checkpoint, 0), selection.Gradients.Pool!);
        var target = ReferenceRows.Phi(selection.Gradients.Target!, new(RowNormalization.Checkpoint, 0), selection.Gradients.Pool!);
        var chosen = Choose(new LessRoundRobinSelector(new LessRoundRobinOptions()), selection);
        var free = Enumerable.Range(0, 120).ToHashSet();
        var chosenFor = new int[3];
        for (var rank = 0; rank < 40; rank++)
        {
            var v = rank % 15;
            var best = free.MaxBy(i => ReferenceRows.Dot(pool[i], target[v]));
            chosen.Rows[rank].Position.ShouldBe(best);
            chosen.Rows[rank].Score.ShouldBe(ReferenceRows.Dot(pool[best], target[v]), Tolerances.FloatReordered);
            free.Remove(best);
            chosenFor[selection.TargetGroups[v]]++;
        }

        ((LessDetails)chosen.Details!).ChosenFor.ShouldBe(chosenFor);
    }

    [Fact]
    public void A_target_example_without_a_gradient_takes_no_turn()
    {
        var selection = Gradients.Realistic(120, 15, "30");
        var target = (MemoryFeatures)selection.Gradients.Target!;
        var blocks = Gradients.Blocks(target, [.. Enumerable.Range(0, 15)]);
        foreach (var block in blocks) block.AsSpan(0, target.Dimension).Clear();
        var silent = Choose(new LessRoundRobinSelector(new LessRoundRobinOptions()), With(blocks));
        var without = Gradients.Blocks(target, [.. Enumerable.Range(1, 14)]);
        Choose(new LessRoundRobinSelector(new LessRoundRobinOptions()), With(without)).Rows.ShouldBe(silent.Rows);
        foreach (var block in blocks) block.AsSpan().Clear();
        Should.Throw<PursuitException>(() => Choose(new LessRoundRobinSelector(new LessRoundRobinOptions()), With(blocks)))
            .Message.ShouldContain("all zero");

        SelectionProblem With(float[][] rows) => selection with
        {
            Gradients = selection.Gradients with { Target = new MemoryFeatures("target", target.Dimension, rows, target.Etabar) },
        };
    }

    [Fact]
    public void Round_robin_with_one_task_is_LESS()
    {
        var selection = Gradients.Realistic(120, 15, "30");
        Choose(new LessRoundRobinSelector(new LessRoundRobinOptions { Turns = LessTurns.Groups }), selection).Rows.ShouldBe(
            Choose(new LessSelector(new LessOptions()), selection).Rows);
    }

    [Theory]
    [InlineData("less")]
    [InlineData("less-round-robin")]
    [InlineData("tracin")]
    [InlineData("tracin-self")]
    [InlineData("grand")]
    public void Neither_the_pools_order_nor_shards_nor_threads_change_a_choice(string method)
    {
        var selector = MethodOptions.Create(
            MethodRegistry.Find(method), method.StartsWith("less", StringComparison.Ordinal) ? [$"{method}.centre=true"] : []);
        var selection = Gradients.Realistic(150, 15, "40", groups: Tasks);
        var one = Ids(selector, selection);
        Ids(selector, Gradients.Permuted(selection, [.. Enumerable.Range(0, 150).Select(i => i * 47 % 150)])).ShouldBe(one);
        Ids(
            selector,
            selection with
            {
                Gradients = selection.Gradients with
                {
                    Pool = Gradients.InShards(
                (MemoryFeatures)selection.Gradients.Pool!, 11)
                }
            },
            3).ShouldBe(one);
    }

    [Fact]
    public void TracIn_scores_are_learning_rate_weighted_inner_products()
    {
        var selection = Gradients.Realistic(120, 15, "120", groups: Tasks);
        var pool = ReferenceRows.Phi(selection.Gradients.Pool!, RowConstruction.Unscaled, selection.Gradients.Pool!);
        var target = ReferenceRows.Phi(selection.Gradients.Target!, RowConstruction.Unscaled, selection.Gradients.Pool!);
        foreach (var row in Choose(new TracInSelector(new TracInOptions()), selection).Rows)
        {
            var expected = target.Average(v => ReferenceRows.Dot(pool[row.Position], v));
            row.Score.ShouldBe(
                expected,
                Tolerances.FloatReordered * target.Average(
                    v => Math.Sqrt(ReferenceRows.Dot(v, v) * ReferenceRows.Dot(pool[row.Position], pool[row.Position]))));
        }

        foreach (var row in Choose(new TracInSelfSelector(), selection).Rows)
            row.Score.ShouldBe(ReferenceRows.Dot(pool[row.Position], pool[row.Position]), Tolerances.FloatReordered * row.Score);
    }

    [Theory]
    [InlineData("less")]
    [InlineData("less-round-robin")]
    [InlineData("tracin-self")]
    [InlineData("grand")]
    public void Equal_scores_go_by_content_id_in_any_order_of_the_pool(string method)
    {
        var selector = MethodOptions.Create(MethodRegistry.Find(method), []);
        var selection = Gradients.Realistic(40, 15, "21", groups: Tasks);
        var twice = selection with
        {
            ContentIds = Problems.Pool(80, "21").ContentIds,
            TokenCounts = Problems.Pool(80, "21").TokenCounts,
            Sources = Problems.Pool(80, "21").Sources,
        };
        var pool = (MemoryFeatures)selection.Gradients.Pool!;
        twice = twice with
        {
            Gradients = twice.Gradients with
            {
                Pool = new MemoryFeatures(
            "twice",
            pool.Dimension,
            Gradients.Blocks(pool, [.. Enumerable.Range(0, 80).Select(i => i % 40)]),
            pool.Etabar)
            }
        };
        var one = Ids(selector, twice);
        Ids(selector, Gradients.Permuted(twice, [.. Enumerable.Range(0, 80).Reverse()])).ShouldBe(one);
    }

    [Fact]
    public void Centred_scores_do_not_see_what_all_gradients_have_in_common()
    {
        var selection = Gradients.Realistic(120, 15, "120");
        var common = Gradients.Gaussian(1, 48, 2, "common");
        var shifted = selection with
        {
            Gradients = new GradientInputs
            {
                Pool = Shifted(selection.Gradients.Pool!, common),
                Target = Shifted(
            selection.Gradients.Target!, common)
            }
        };
        var selector = new TracInSelector(new TracInOptions { Centre = true });
        var scores = Choose(selector, selection).Rows.ToDictionary(r => r.Position, r => r.Score);
        var largest = scores.Values.Max(Math.Abs);
        foreach (var row in Choose(selector, shifted).Rows) row.Score.ShouldBe(scores[row.Position], Tolerances.FloatReordered * largest);
    }

    [Fact]
    public void GraNd_keeps_the_largest_mean_norm_or_the_smallest()
    {
        var selection = Gradients.Realistic(120, 15, "20");
        double Norm(int i) => (selection.Gradients.Pool!.Norms(0)[i] + selection.Gradients.Pool.Norms(1)[i]) / 2.0;
        var byNorm = Enumerable.Range(0, 120).OrderByDescending(Norm).ToArray();
        Choose(new GrandSelector(new GrandOptions()), selection).Rows.Select(r => r.Position).ShouldBe(byNorm[..20]);
        Choose(
            new GrandSelector(new GrandOptions { Keep = GrandKeep.Smallest }),
            selection).Rows.Select(r => r.Position).ShouldBe(byNorm.Reverse().Take(20));
    }

    [Theory]
    [InlineData("less")]
    [InlineData("gtp")]
    public void Features_of_another_pool_are_refused_with_both_numbers(string method)
    {
        var selection = Gradients.Realistic(120, 15, "20");
        var other = selection with { ContentIds = [.. selection.ContentIds.Take(100)] };
        var message = Should.Throw<PursuitException>(() => Choose(MethodOptions.Create(MethodRegistry.Find(method), []), other)).Message;
        message.ShouldContain("120 rows");
        message.ShouldContain("100 examples");
    }

    [Theory]
    [InlineData("less")]
    [InlineData("gtp")]
    public void A_target_group_of_zero_gradients_is_refused_by_name(string method)
    {
        var selection = Gradients.Realistic(120, 4, "20", groups: ["code", "mail"]);
        var target = (MemoryFeatures)selection.Gradients.Target!;
        var blocks = Gradients.Blocks(target, [0, 1, 2, 3]);
        foreach (var block in blocks)
        {
            block.AsSpan(target.Dimension, target.Dimension).Clear();
            block.AsSpan(3 * target.Dimension, target.Dimension).Clear();
        }

        var zero = selection with
        {
            Gradients = selection.Gradients with
            {
                Target = new MemoryFeatures(
            "target", target.Dimension, blocks, target.Etabar)
            }
        };
        Should.Throw<PursuitException>(
            () => Choose(MethodOptions.Create(MethodRegistry.Find(method), []), zero)).Message.ShouldContain("'mail'");
    }

    private static MemoryFeatures Shifted(IDenseFeatures features, float[][] by)
    {
        var blocks = Gradients.Blocks((MemoryFeatures)features, [.. Enumerable.Range(0, features.Rows)]);
        for (var block = 0; block < blocks.Length; block++)
            for (var k = 0; k < blocks[block].Length; k++) blocks[block][k] += by[block][k % features.Dimension];
        return new MemoryFeatures(features.Name, features.Dimension, blocks, features.Etabar);
    }

    private static SelectionResult Choose(ISelector selector, SelectionProblem problem, int threads = 1) =>
        selector.SelectWith(problem, threads, TestContext.Current.CancellationToken);

    private static string[] Ids(ISelector selector, SelectionProblem problem, int threads = 1) =>
        [.. Choose(selector, problem, threads).Rows.Select(r => problem.ContentIds[r.Position].ToString())];
}
