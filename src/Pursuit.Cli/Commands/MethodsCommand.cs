using System.CommandLine;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Data.Deduplication;
using Pursuit.Engine.Features;
using Pursuit.Engine.Proof;
using Pursuit.Engine.Statistics;
using Pursuit.Selection;
using Pursuit.Selection.Methods;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit methods [NAME]</c>: lists the selection methods, or one method's options.</summary>
internal static class MethodsCommand
{
    public static Command Create()
    {
        var name = new Argument<string?>("name")
        {
            Description = "List the options of this method, or of 'features' (gradients), 'embedding', 'encoder', 'probe', 'dedup' (near "
                + "duplicates) or 'auto' (a choice among methods).",
            Arity = ArgumentArity.ZeroOrOne,
        };
        name.CompletionSources.Add(
            [
                .. CommonOptions.MethodNames, GradientFeatureOptions.Name, EmbeddingOptions.Name, EncoderOptions.Name,
                MethodOptions.ProbeOwner, MethodOptions.DedupOwner, AutoOptions.Name,
            ]);
        var json = CommonOptions.Json();
        var command = new ToolCommand("methods", "Lists the selection methods, or one method's options.") { Example = "methods gtp" };
        command.Add(name);
        command.Add(json);
        command.Action = JobAction.Answer((parsed, _) => Run(parsed.GetValue(name), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string? name, bool json)
    {
        if (name == GradientFeatureOptions.Name) return Features<GradientFeatureOptions>(json);
        if (name == EmbeddingOptions.Name) return Features<EmbeddingOptions>(json);
        if (name == EncoderOptions.Name) return Features<EncoderOptions>(json);
        if (name == MethodOptions.ProbeOwner) return Owner(name, typeof(ProbeOptions), json);
        if (name == AutoOptions.Name) return Owner(name, typeof(AutoOptions), json);
        if (name == MethodOptions.DedupOwner) return Owner(name, typeof(NearDuplicateOptions), json);
        var methods = name is null ? MethodRegistry.Methods : [MethodRegistry.Find(name)];
        if (json)
        {
            var entries = methods.Select(
                m => new { m.Name, m.Summary, Needs = Needs(m.Needs), m.TakesAnyVectors, m.Page, Options = MethodOptions.List(m) });
            Terminal.Json(entries);
            return CommandLine.Done;
        }

        var rows = methods.Select(
            m => new[] { m.Name, Needs(m.Needs) + (m.TakesAnyVectors ? ", or other vectors (--on)" : ""), m.Summary });
        Terminal.Table(Terminal.ForResult, ["method", "needs", "prefers"], rows, leftColumns: 3);
        if (name is null) return CommandLine.Done;

        var options = MethodOptions.List(methods[0]);
        if (options.Count == 0)
            Terminal.Answer($"{name} has no options.");
        else
            PrintOptions(name, options);
        return CommandLine.Done;
    }

    /// <summary>The options of one kind of features, which go by a name like a method's.</summary>
    private static int Features<TOptions>(bool json)
        where TOptions : IFeatureOptions => Owner(TOptions.Name, typeof(TOptions), json);

    private static int Owner(string name, Type type, bool json)
    {
        var options = MethodOptions.List(type);
        if (json) Terminal.Json(options);
        else PrintOptions(name, options);
        return CommandLine.Done;
    }

    private static void PrintOptions(string owner, IReadOnlyList<MethodOptions.Entry> options) =>
        Terminal.Table(
            Terminal.ForResult,
            ["--set", "default", "meaning"],
            options.Select(o => new[] { $"{owner}.{o.Name}", o.Default, o.Description }),
            leftColumns: 3);

    private static string Needs(FeatureNeeds needs) => needs == FeatureNeeds.None
        ? "nothing"
        : string.Join(", ", Enum.GetValues<FeatureNeeds>().Where(n => n != FeatureNeeds.None && needs.HasFlag(n)).Select(n => n switch
        {
            FeatureNeeds.TokenCounts => "a tokenizer",
            FeatureNeeds.ReferenceLengths => "a target or --match",
            FeatureNeeds.PoolGradients => "gradient features",
            FeatureNeeds.TargetGradients => "those of a target",
            FeatureNeeds.OptionalTargetGradients => "those of a target, if there is one",
            FeatureNeeds.PoolEmbeddings => "embeddings",
            FeatureNeeds.TargetEmbeddings => "those of a target",
            FeatureNeeds.PoolTexts => "the records' texts",
            FeatureNeeds.TargetTexts => "a target's texts",
            FeatureNeeds.TokenStatistics => "token statistics",
            FeatureNeeds.AnswerStatistics => "those of answers alone",
            FeatureNeeds.ReferenceStatistics => "those of a second model",
            FeatureNeeds.JudgeAnswers => "a judge model's answers",
            FeatureNeeds.TrajectoryStatistics => "token statistics at every checkpoint",
            FeatureNeeds.GradientVariances => "gradients at every checkpoint",
            _ => n.ToString(),
        }));
}
