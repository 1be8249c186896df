using System.Globalization;

namespace Pursuit.Selection.Dsdm;

/// <summary>What <c>dsdm</c> reports.</summary>
internal sealed record DsdmDetails : MethodDetails
{
    /// <summary>Passes over the pool's features.</summary>
    public required int Passes { get; init; }

    /// <summary>The largest of the checkpoints' relative residuals ||b - (F + lam I) x|| / ||b||.</summary>
    public required double Residual { get; init; }

    /// <summary>The pool's examples whose inclusion is estimated to lower the target's loss.</summary>
    public required int Helpful { get; init; }

    /// <summary>Bytes read from the pool's features.</summary>
    public required long BytesRead { get; init; }

    /// <inheritdoc/>
    public override long? FeatureBytes => BytesRead;

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Summary =>
    [
        KeyValuePair.Create("examples estimated to lower the target's loss", Helpful.ToString("N0", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("passes", Passes.ToString("N0", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("residual of the solve", Residual.ToString("0.0e+0", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("bytes read", BytesRead.ToString("N0", CultureInfo.InvariantCulture)),
    ];
}
