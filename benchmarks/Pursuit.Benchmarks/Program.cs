using System.Globalization;
using Pursuit.Benchmarks;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

// Each topic verifies its answers, then times them, and prints a Markdown table for benchmarks/results.
switch (args.FirstOrDefault())
{
    case "arrows":
        return ArrowsReport.Run(args[1..]);
    case "gemm":
        return GemmBenchmark.Run();
    case "load":
        return LoadBenchmark.Run();
    case "pursuit":
        return PursuitBenchmark.Run(args);
    case "scan":
        return ScanBenchmark.Run(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 200_000);
    case "read":
        return ReadBenchmark.Run(args.ElementAtOrDefault(1));
    case "engine":
        return EngineBenchmark.Run(args[1..]);
    case "families":
        return FamiliesBenchmark.Run(args[1..]);
    case "rates":
        return RatesBenchmark.Run();
    case "bf16":
        return WeightTypesBenchmark.Run(args[1..]);
    case "bf16-model":
        return WeightTypesBenchmark.WriteModel(args[1..]);
    case "features":
        return FeaturesBenchmark.Run(args[1..]);
    case "embeddings":
        return EmbeddingsBenchmark.Run(args[1..]);
    case "encoders":
        return EncodersBenchmark.Run(args[1..]);
    case "engine-threads":
        return EngineThreadsBenchmark.Run();
    case "information":
        return InformationBenchmark.Run(args[1..]);
    case "prove":
        return ProveBenchmark.Run();
    case "tokenizer":
        return TokenizerBenchmark.Encode(args[1..]);
    case "tokenizer-train":
        return TokenizerBenchmark.Train(args[1..]);
    case "tokenizer-check":
        return TokenizerCheck.Run(args[1..]);
    case "templates":
        return TemplatesBenchmark.Run(args[1..]);
    case "large":
        return LargeStoreBenchmark.Run(args);
    case "matching":
        return MatchingPursuitBenchmark.Run(args);
    case "passes":
        return PassBenchmark.Run(args);
    case "scale":
        return ScaleBenchmark.Run(args);
    case "methods":
        return MethodsBenchmark.Run(args);
    case "device":
        return DeviceBenchmark.Run(args[1..]);
    case "device-passes":
        return DevicePassBenchmark.Run(args[1..]);
    case "tsds":
        return TsdsBenchmark.Run(args);
    case "tsds-ivf":
        return IvfBenchmark.Run(args);
    case "tsds-store":
        return TsdsStore.Run(args);
    default:
        Console.Error.WriteLine($"benchmark '{args.FirstOrDefault()}' is not one of: arrows, gemm, load, pursuit, scan, read, scale, "
            + "large, matching, methods, passes, engine, engine-threads, families, rates, bf16, bf16-model, features, embeddings, "
            + "encoders, device, device-passes, information, prove, templates, tokenizer, tokenizer-check, tokenizer-train, "
            + "tsds, tsds-ivf, tsds-store");
        return 2;
}
