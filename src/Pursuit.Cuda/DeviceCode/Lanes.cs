using ILGPU;

namespace Pursuit.Cuda.DeviceCode;

/// <summary>
/// What the threads of a group do together. Sums go up a tree of fixed shape, so that they have the same bits whatever else runs.
/// </summary>
internal static class Lanes
{
    /// <summary>Threads of a group, at most: values of shared memory that each kernel takes.</summary>
    public const int Most = 256;

    /// <summary>The sum over the group's threads, which all get it.</summary>
    public static float Sum(float value, ArrayView<float> shared)
    {
        var lane = Group.IdxX;
        shared[lane] = value;
        Group.Barrier();
        for (var half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (lane < half) shared[lane] += shared[lane + half];
            Group.Barrier();
        }

        var sum = shared[0];
        Group.Barrier();
        return sum;
    }

    /// <summary>The sum over the group's threads, which all get it.</summary>
    public static double Sum(double value, ArrayView<double> shared)
    {
        var lane = Group.IdxX;
        shared[lane] = value;
        Group.Barrier();
        for (var half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (lane < half) shared[lane] += shared[lane + half];
            Group.Barrier();
        }

        var sum = shared[0];
        Group.Barrier();
        return sum;
    }

    /// <summary>The largest value of the group's threads, which all get it; NaN if one is.</summary>
    public static float Largest(float value, ArrayView<float> shared)
    {
        var lane = Group.IdxX;
        shared[lane] = value;
        Group.Barrier();
        for (var half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (lane < half) shared[lane] = DeviceMath.Larger(shared[lane], shared[lane + half]);
            Group.Barrier();
        }

        var largest = shared[0];
        Group.Barrier();
        return largest;
    }
}
