using Pursuit.Numerics;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Numerics;

public sealed class CholeskyRemovalTests
{
    [Fact]
    public void A_factor_that_rows_come_to_and_leave_is_the_factor_of_the_rows_present()
    {
        var random = new SeededRandom(5, "test/cholesky");
        var rows = Gradients.Gaussian(30, 40, 1, "cholesky")[0].Chunk(40).Select(r => Array.ConvertAll(r, x => (double)x)).ToArray();
        var factor = new CholeskyFactor();
        var present = new List<int>();
        for (var step = 0; step < 200; step++)
        {
            if (present.Count > 0 && random.NextInt(3) == 0)
            {
                var leaving = random.NextInt(present.Count);
                present.RemoveAt(leaving);
                factor.RemoveAt(leaving);
            }
            else if (Enumerable.Range(0, 30).Except(present).ToArray() is { Length: > 0 } absent)
            {
                var joining = absent[random.NextInt(absent.Length)];
                factor.TryAppend(
                    [.. present.Select(p => ReferenceRows.Dot(rows[p], rows[joining]))], ReferenceRows.Dot(rows[joining], rows[joining]))
                    .ShouldBeTrue();
                present.Add(joining);
            }

            double[] x = [.. present.Select(p => (double)p)];
            factor.Solve(x, x);
            for (var i = 0; i < present.Count; i++)
                Enumerable.Range(0, present.Count).Sum(k => ReferenceRows.Dot(rows[present[i]], rows[present[k]]) * x[k])
                    .ShouldBe(present[i], 1e3 * Tolerances.DoubleReordered * 30);
        }
    }
}
