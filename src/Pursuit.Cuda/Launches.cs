using ILGPU.Runtime;

namespace Pursuit.Cuda;

/// <summary>Launches of kernels by the number of their arguments. A launch over nothing is none.</summary>
internal static class Launches
{
    public static void Run<T1, T2>(this CudaCard card, Action<T1, T2> kernel, int groups, T1 a, T2 b)
        where T1 : struct
        where T2 : struct
    {
        if (groups > 0) card.Launcher(kernel, x => x.LoadKernel(kernel))(card.Stream, new(groups, card.Lanes), a, b);
    }

    public static void Run<T1, T2, T3>(this CudaCard card, Action<T1, T2, T3> kernel, int groups, T1 a, T2 b, T3 c)
        where T1 : struct
        where T2 : struct
        where T3 : struct
    {
        if (groups > 0) card.Launcher(kernel, x => x.LoadKernel(kernel))(card.Stream, new(groups, card.Lanes), a, b, c);
    }

    public static void Run<T1, T2, T3, T4>(this CudaCard card, Action<T1, T2, T3, T4> kernel, int groups, T1 a, T2 b, T3 c, T4 d)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
    {
        if (groups > 0) card.Launcher(kernel, x => x.LoadKernel(kernel))(card.Stream, new(groups, card.Lanes), a, b, c, d);
    }

    public static void Run<T1, T2, T3, T4, T5>(
        this CudaCard card, Action<T1, T2, T3, T4, T5> kernel, int groups, T1 a, T2 b, T3 c, T4 d, T5 e)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct
    {
        if (groups > 0) card.Launcher(kernel, x => x.LoadKernel(kernel))(card.Stream, new(groups, card.Lanes), a, b, c, d, e);
    }

    public static void Run<T1, T2, T3, T4, T5, T6>(
        this CudaCard card, Action<T1, T2, T3, T4, T5, T6> kernel, int groups, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct
        where T6 : struct
    {
        if (groups > 0) card.Launcher(kernel, x => x.LoadKernel(kernel))(card.Stream, new(groups, card.Lanes), a, b, c, d, e, f);
    }

    public static void Run<T1, T2, T3, T4, T5, T6, T7>(
        this CudaCard card, Action<T1, T2, T3, T4, T5, T6, T7> kernel, int groups, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f, T7 g)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct
        where T6 : struct
        where T7 : struct
    {
        if (groups > 0) card.Launcher(kernel, x => x.LoadKernel(kernel))(card.Stream, new(groups, card.Lanes), a, b, c, d, e, f, g);
    }

    public static void Run<T1, T2, T3, T4, T5, T6, T7, T8>(
        this CudaCard card, Action<T1, T2, T3, T4, T5, T6, T7, T8> kernel, int groups, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f, T7 g, T8 h)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct
        where T6 : struct
        where T7 : struct
        where T8 : struct
    {
        if (groups > 0) card.Launcher(kernel, x => x.LoadKernel(kernel))(card.Stream, new(groups, card.Lanes), a, b, c, d, e, f, g, h);
    }
}
