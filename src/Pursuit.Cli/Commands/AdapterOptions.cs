using System.CommandLine;
using System.Globalization;
using Pursuit.Cli.Help;
using Pursuit.Engine.Adapters;

namespace Pursuit.Cli.Commands;

/// <summary>The options of <c>train</c> that say which adapters are trained instead of the model's weights.</summary>
internal sealed class AdapterOptions
{
    /// <summary>alpha's default in ranks: LESS's 512 at rank 128, and no larger a factor at smaller ranks.</summary>
    private const int AlphaPerRank = 4;

    private static readonly LoraOptions Usual = new();

    private readonly Option<bool> _lora = new ListedOption<bool>(
        "--lora", OptionGroup.Adapters, "Train low-rank adapters and freeze the model's weights. --out gets the adapters in PEFT's "
            + "layout.")
    { IsCommon = true };
    private readonly Option<int?> _rank = new ListedOption<int?>(
        "--rank", OptionGroup.Adapters, "RANK", "The adapters' rank.")
    { Default = $"{Usual.Rank}" };
    private readonly Option<double?> _alpha = new ListedOption<double?>(
        "--alpha", OptionGroup.Adapters, "ALPHA", "The adapters' output is scaled by alpha / rank.")
    {
        Default = $"{AlphaPerRank} times the rank",
    };
    private readonly Option<double?> _dropout = new ListedOption<double?>(
        "--dropout", OptionGroup.Adapters, "PROBABILITY", "Dropout on the adapters' inputs in training.")
    {
        Default = Usual.Dropout.ToString(CultureInfo.InvariantCulture),
    };
    private readonly Option<string[]> _targets = new ListedOption<string[]>(
        "--target-modules", OptionGroup.Adapters, "MODULES", "The adapted layers, by the names that "
            + $"'pursuit models' lists for the model's family, or {LoraOptions.AllLinear}.")
    {
        Default = $"attention's: {string.Join(',', Usual.TargetModules)} in most families",
        Words = [.. LoraOptions.KnownModules, LoraOptions.AllLinear],
    };
    private readonly Option<bool> _rankStabilized = new ListedOption<bool>(
        "--rslora", OptionGroup.Adapters, "Scale by alpha / sqrt(rank) instead (rank-stabilized LoRA).");
    private readonly Option<string?> _from = Existing(
        OptionGroup.Adapters, "Continue training the PEFT adapters in this directory, with their own rank and modules.");

    public IEnumerable<Option> All => [_lora, _rank, _alpha, _dropout, _targets, _rankStabilized, _from];

    /// <summary>Those whose values are paths.</summary>
    public IEnumerable<Option> Paths => [_from];

    /// <summary>The option that names an adapter directory.</summary>
    public static Option<string?> Existing(OptionGroup group, string description) =>
        new ListedOption<string?>("--adapter", group, "DIR", description);

    /// <summary>The adapter directory to start from, or null.</summary>
    public string? From(ParseResult parsed) => parsed.GetValue(_from);

    /// <summary>New adapters, or null.</summary>
    /// <exception cref="PursuitException">An option of new adapters is given without them.</exception>
    public LoraOptions? Lora(ParseResult parsed)
    {
        var (rank, alpha, dropout, targets) = (
            parsed.GetValue(_rank), parsed.GetValue(_alpha), parsed.GetValue(_dropout), parsed.GetValue(_targets) ?? []);
        if (!parsed.GetValue(_lora))
        {
            string?[] given =
            [
                rank is null ? null : _rank.Name, alpha is null ? null : _alpha.Name, dropout is null ? null : _dropout.Name,
                targets.Length == 0 ? null : _targets.Name, parsed.GetValue(_rankStabilized) ? _rankStabilized.Name : null,
            ];
            if (given.All(name => name is null)) return null;
            var advice = "Add --lora to train new "
                + $"adapters{(parsed.GetValue(_from) is null ? "" : "; those of --adapter have their own")}.";
            throw PursuitException.At(string.Join(", ", given.Where(name => name is not null)), "given without --lora", "both", advice);
        }

        return new LoraOptions
        {
            Rank = rank ?? Usual.Rank,
            Alpha = alpha ?? AlphaPerRank * (rank ?? Usual.Rank),
            Dropout = dropout ?? Usual.Dropout,
            RankStabilized = parsed.GetValue(_rankStabilized),
            TargetModules = targets.Length == 0 ? Usual.TargetModules : CommonOptions.Words(targets),
        };
    }
}
