namespace Pursuit.Engine.Proof;

/// <summary>
/// One account of all trainings and measurements, in tokens of training: a token that is only scored counts as a third, since
/// there is no backward pass. What an earlier run finished is taken off the total, so the rate is that of work.
/// </summary>
internal sealed class ProofProgress(IProgress<WorkProgress>? progress, double tokensPerStep)
{
    private const double ScoredShare = 1.0 / 3;

    private double _total;
    private double _done;
    private string _label = "";

    /// <summary>Announces work to come.</summary>
    public void Plan(long steps, IReadOnlyList<ProofTest> tests) => _total += Units(steps, tests);

    /// <summary>Says what is worked on.</summary>
    public void Begin(string label) => _label = label;

    /// <summary>Work that needn't be done.</summary>
    public void Skip(long steps, IReadOnlyList<ProofTest> tests) => _total -= Units(steps, tests);

    /// <summary>Listens to one training.</summary>
    public IProgress<WorkProgress> Training(long steps) => new Listener(this, steps * tokensPerStep);

    /// <summary>Does one measurement.</summary>
    public T Testing<T>(ProofTest test, Func<T> measure)
    {
        Report($"{_label}: testing on {test.Name}");
        var result = measure();
        _done += Units(test);
        Report(_label);
        return result;
    }

    private double Units(long steps, IReadOnlyList<ProofTest> tests) => steps * tokensPerStep + tests.Sum(Units);

    // An answer's tokens come one by one, each as dear as a scored one or a little dearer.
    private static double Units(ProofTest test) => ScoredShare * test.Tokens * (1 + (double)test.Generated / test.Count);

    private void Report(string note) => progress?.Report(new WorkProgress("proving", _done, Math.Max(_total, _done), "tokens", note));

    /// <summary>Takes a training's own tokens as shares of what was planned for it, so that the total is met at its end.</summary>
    private sealed class Listener(ProofProgress owner, double planned) : IProgress<WorkProgress>
    {
        private double _before;

        public void Report(WorkProgress value)
        {
            var now = planned * value.Done / value.Total;
            owner._done += now - _before;
            _before = now;
            owner.Report($"{owner._label}: {value.Note}");
        }
    }
}
