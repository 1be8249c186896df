namespace Pursuit.Cli;

/// <summary>The probe model that ships with the command, so that nothing need be downloaded.</summary>
internal static class BundledModel
{
    private static readonly Lazy<string> Place = new(() => UnpackedModel.Names.Count > 0 ? UnpackedModel.Unpack() : Beside);

    /// <summary>Its directory: beside the program, or where a single-file program unpacked it.</summary>
    /// <exception cref="PursuitException">A single-file program can't unpack it anywhere.</exception>
    public static string Directory => Place.Value;

    private static string Beside => Path.Combine(AppContext.BaseDirectory, "models", "pursuit-mini");

    /// <summary>The model directory that was asked for, else the bundled one, else null.</summary>
    public static string? OrNull(string? given) => given ?? (File.Exists(Path.Combine(Directory, "config.json")) ? Directory : null);

    /// <summary>The model directory that was asked for, else the bundled one.</summary>
    /// <exception cref="PursuitException">None was asked for and the bundled one isn't there.</exception>
    public static string OrGiven(string? given) => OrNull(given) ?? throw PursuitException.At(
        "--model", $"none given, and no bundled model in {Directory}", "a model directory", "Give --model, or reinstall Pursuit.");
}
