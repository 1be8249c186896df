using Pursuit.Selection.Tsds;

namespace Pursuit.Tests.Selection.Tsds;

/// <summary>Options that the paper's formulas are tested with: distances as they are, alpha and sigma as published.</summary>
internal static class Published
{
    public static TsdsOptions Tsds { get; } = new() { Scale = TsdsScale.None };
}
