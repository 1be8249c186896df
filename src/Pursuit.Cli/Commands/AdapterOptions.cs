using System.CommandLine;
using Pursuit.Engine.Adapters;

namespace Pursuit.Cli.Commands;

/// <summary>The options of <c>train</c> that say which adapters are trained instead of the model's weights.</summary>
internal sealed class AdapterOptions
{
    /// <summary>alpha is this many times the rank where it isn't given: LESS's 512 at rank 128, and no larger a factor at smaller ranks.</summary>
    private const int AlphaPerRank = 4;

    private static readonly LoraOptions Usual = new();

    private readonly Option<bool> _lora = new("--lora") { Description = "Train low-rank adapters (LoRA) and leave the model's weights as they are; --out gets them in PEFT's layout." };
    private readonly Option<int?> _rank = new("--rank") { Description = $"LoRA: the adapters' rank. Default {Usual.Rank}." };
    private readonly Option<double?> _alpha = new("--alpha") { Description = $"LoRA: the adapters' output is scaled by alpha over rank. Default {AlphaPerRank} times the rank." };
    private readonly Option<double?> _dropout = new("--dropout") { Description = FormattableString.Invariant($"LoRA: probability that an adapter's input is dropped in training. Default {Usual.Dropout}.") };
    private readonly Option<string[]> _targets = new("--target-modules") { Description = $"LoRA: the adapted layers, of {string.Join(", ", LoraOptions.KnownModules)}, or {LoraOptions.AllLinear}. Default {string.Join(',', Usual.TargetModules)}.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<bool> _rankStabilized = new("--rslora") { Description = "LoRA: scale by alpha over the root of the rank." };
    private readonly Option<string?> _from = Existing("A directory with adapters in PEFT's layout to train further, with the rank and modules they have.");

    public IEnumerable<Option> All => [_lora, _rank, _alpha, _dropout, _targets, _rankStabilized, _from];

    /// <summary>Those whose values are paths.</summary>
    public IEnumerable<Option> Paths => [_from];

    /// <summary>The option that names an adapter directory.</summary>
    public static Option<string?> Existing(string description) => new("--adapter") { Description = description };

    /// <summary>The adapter directory to start from, or null.</summary>
    public string? From(ParseResult parsed) => parsed.GetValue(_from);

    /// <summary>New adapters, or null.</summary>
    /// <exception cref="PursuitException">An option of new adapters is given without them.</exception>
    public LoraOptions? Lora(ParseResult parsed)
    {
        var (rank, alpha, dropout, targets) = (parsed.GetValue(_rank), parsed.GetValue(_alpha), parsed.GetValue(_dropout), parsed.GetValue(_targets) ?? []);
        if (!parsed.GetValue(_lora))
        {
            string?[] given = [rank is null ? null : _rank.Name, alpha is null ? null : _alpha.Name, dropout is null ? null : _dropout.Name, targets.Length == 0 ? null : _targets.Name, parsed.GetValue(_rankStabilized) ? _rankStabilized.Name : null];
            return given.All(name => name is null)
                ? null
                : throw PursuitException.At(string.Join(", ", given.Where(name => name is not null)), "given without --lora", "both", $"Add --lora to train new adapters{(parsed.GetValue(_from) is null ? "" : "; those of --adapter have their own")}.");
        }

        return new LoraOptions
        {
            Rank = rank ?? Usual.Rank,
            Alpha = alpha ?? AlphaPerRank * (rank ?? Usual.Rank),
            Dropout = dropout ?? Usual.Dropout,
            RankStabilized = parsed.GetValue(_rankStabilized),
            TargetModules = targets.Length == 0 ? Usual.TargetModules : [.. targets.SelectMany(t => t.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))],
        };
    }
}
