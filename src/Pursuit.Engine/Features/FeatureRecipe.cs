using System.Text.Json;
using System.Text.Json.Serialization;
using Pursuit.Engine.Kernels;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Engine.Features;

/// <summary>With what a run's features are made; kept in the run, so that targets can follow later in the same way.</summary>
/// <typeparam name="TOptions">The options of the kind of feature.</typeparam>
public sealed record FeatureRecipe<TOptions>
    where TOptions : IFeatureOptions
{
    /// <summary>The probe model's directory.</summary>
    public required string Model { get; init; }

    /// <summary>Tokens an example is cut to; the model's longest sequence where that is less.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Variables for the model's chat template, as "name=value"; none by default.</summary>
    public IReadOnlyList<string> TemplateSettings { get; init; } = [];

    /// <summary>How.</summary>
    public required TOptions Options { get; init; }

    /// <summary>Threads; no feature depends on them.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Where the model computes; whoever uses the recipe says so, it isn't kept.</summary>
    [JsonIgnore]
    public Device Device { get; init; } = Device.Cpu;

    /// <summary>Keeps the recipe in a run; one that is there already stays.</summary>
    public void Write(RunDirectory run)
    {
        var recipe = JsonSerializer.SerializeToUtf8Bytes(this with { Model = Path.GetFullPath(Model) }, RunJson.Indented);
        var path = run.PathOf(TOptions.RecipeName);
        if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(recipe)) return;
        AtomicFile.Write(path, s => s.Write(recipe));
    }
}

/// <summary>Finds the recipes that runs keep.</summary>
public static class FeatureRecipe
{
    /// <summary>True where a directory is a run with features of a kind.</summary>
    public static bool IsIn<TOptions>(string directory)
        where TOptions : IFeatureOptions => File.Exists(Path.Combine(directory, TOptions.RecipeName));

    /// <summary>Reads a run's recipe.</summary>
    /// <exception cref="PursuitException">It can't be read.</exception>
    public static FeatureRecipe<TOptions> Read<TOptions>(string directory)
        where TOptions : IFeatureOptions
    {
        var path = Path.Combine(directory, TOptions.RecipeName);
        return JsonFile.Read<FeatureRecipe<TOptions>>(
            path, RunJson.Indented, $"the recipe that {ApiName.ModelFeatures} or {ApiName.SelectJob} wrote there",
            "Compute the features again.");
    }
}
