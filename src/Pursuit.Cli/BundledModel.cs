namespace Pursuit.Cli;

/// <summary>The probe model that ships with the command, so that nothing need be downloaded.</summary>
internal static class BundledModel
{
    /// <summary>Its directory beside the program.</summary>
    public static string Directory { get; } = Path.Combine(AppContext.BaseDirectory, "models", "pursuit-mini");

    /// <summary>The model directory that was asked for, else the bundled one, else null.</summary>
    public static string? OrNull(string? given) => given ?? (File.Exists(Path.Combine(Directory, "config.json")) ? Directory : null);

    /// <summary>The model directory that was asked for, else the bundled one.</summary>
    /// <exception cref="PursuitException">None was asked for and the bundled one isn't there.</exception>
    public static string OrGiven(string? given) =>
        OrNull(given) ?? throw PursuitException.At("--model", $"none given, and no bundled model in {Directory}", "a model directory", "Give --model, or install Pursuit again.");
}
