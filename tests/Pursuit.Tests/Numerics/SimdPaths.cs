using Pursuit.Numerics;

namespace Pursuit.Tests.Numerics;

/// <summary>The paths this machine can run, for theories that must hold on each.</summary>
internal static class SimdPaths
{
    public static IEnumerable<string> Names => Enum.GetValues<SimdPath>().Where(path => path <= Simd.Best).Select(path => path.ToString());

    public static SimdPath Parse(string name) => Enum.Parse<SimdPath>(name);
}
