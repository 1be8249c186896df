using System.Globalization;
using Pursuit.Benchmarks;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

// Each topic verifies its answers, then times them, and prints a Markdown table for benchmarks/results.
switch (args.FirstOrDefault())
{
    case "gemm":
        return GemmBenchmark.Run();
    case "read":
        return ReadBenchmark.Run(args.ElementAtOrDefault(1));
    case "engine":
        return EngineBenchmark.Run(args[1..]);
    default:
        Console.Error.WriteLine($"benchmark '{args.FirstOrDefault()}' is not one of: gemm, read, engine");
        return 2;
}
