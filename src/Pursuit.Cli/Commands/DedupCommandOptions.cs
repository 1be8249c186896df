using Pursuit.Cli.Help;
using Pursuit.Data.Deduplication;
using Pursuit.Selection.Methods;

namespace Pursuit.Cli.Commands;

/// <summary>Which duplicates don't get into a pool.</summary>
internal enum Duplicates
{
    /// <summary>Those with the same content.</summary>
    Exact,

    /// <summary>Those and near duplicates.</summary>
    Near,
}

/// <summary>How commands that read a pool treat duplicates in it.</summary>
internal static class DedupCommandOptions
{
    private const string Prefix = NearDuplicateOptions.Name + ".";

    public static ListedOption<Duplicates> Dedup(Duplicates usual = Duplicates.Exact) => WordOption.Of(
        "--dedup", OptionGroup.Input, "Which duplicates of earlier examples to leave out: those with the same content, or near duplicates "
            + "too. 'pursuit methods dedup' lists what makes them near, for --set.", usual);

    /// <summary>For commands that have no other options to set.</summary>
    public static ListedOption<string[]> Set() => CommonOptions.Many(
        "--set", OptionGroup.Input, "dedup.OPTION=VALUE", "An option of --dedup near, such as dedup.threshold=0.9. 'pursuit methods dedup' "
            + "lists them.");

    /// <summary>What the command line says of near duplicates, where all of its settings must be about them.</summary>
    /// <exception cref="PursuitException">A setting is about something else, or contradicts <paramref name="dedup"/>.</exception>
    public static NearDuplicateOptions? OnlyOf(Duplicates dedup, IReadOnlyList<string> settings) =>
        settings.FirstOrDefault(s => !IsOfDedup(s)) is { } other
            ? throw PursuitException.At("--set", $"'{other}'", "dedup.OPTION=VALUE, such as dedup.threshold=0.9")
            : Of(dedup, settings);

    /// <summary>What the command line says of near duplicates; null where only exact ones are left out.</summary>
    /// <exception cref="PursuitException">
    /// An option is unknown or out of range, or is set though near duplicates aren't asked for.
    /// </exception>
    public static NearDuplicateOptions? Of(Duplicates dedup, IReadOnlyList<string> settings)
    {
        if (dedup == Duplicates.Exact)
        {
            return settings.FirstOrDefault(IsOfDedup) is { } setting
                ? throw PursuitException.At("--set", $"'{setting}' without --dedup near", "both or neither")
                : null;
        }

        var options = new NearDuplicateOptions();
        MethodOptions.Fill(options, NearDuplicateOptions.Name, settings);
        options.Validate();
        return options;
    }

    private static bool IsOfDedup(string setting) => setting.StartsWith(Prefix, StringComparison.Ordinal);
}
