namespace Pursuit.Selection;

/// <summary>
/// What a method that compares vectors takes for the examples: gradients, embeddings, an encoder's vectors, or features in a file.
/// </summary>
/// <param name="Kind">Their kind; null for a file's.</param>
/// <param name="Path">The file or directory with the pool's; null for a kind.</param>
public sealed record Representation(FeatureKind? Kind, string? Path)
{
    /// <summary>Gradient features.</summary>
    public static Representation Gradients { get; } = new(FeatureKind.Gradient, null);

    /// <summary>Embeddings.</summary>
    public static Representation Embeddings { get; } = new(FeatureKind.Embedding, null);

    /// <summary>Vectors of a sentence encoder.</summary>
    public static Representation Encoder { get; } = new(FeatureKind.Encoder, null);

    /// <summary>What results call it: "gradients", "embeddings", "encoder", or the file's name.</summary>
    public string Name => Kind is { } kind ? WordFor(kind) : System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(Path!));

    /// <summary>Reads "gradients", "embeddings", "encoder" or the path of features.</summary>
    /// <exception cref="PursuitException">It is none of these words and nothing is there.</exception>
    public static Representation Parse(string text) =>
        text switch
        {
            "gradients" => Gradients,
            "embeddings" => Embeddings,
            "encoder" => Encoder,
            _ when File.Exists(text) || Directory.Exists(text) => new(null, text),
            _ => throw PursuitException.At(
                ApiName.On,
                $"'{text}'",
                "gradients, embeddings, encoder, or a file or directory with features of the pool",
                Suggestion.For(text, ["gradients", "embeddings", "encoder"])),
        };

    /// <inheritdoc/>
    public override string ToString() => Path ?? Name;

    /// <summary>What results call a kind.</summary>
    internal static string WordFor(FeatureKind kind) => kind switch
    {
        FeatureKind.Gradient => "gradients",
        FeatureKind.Embedding => "embeddings",
        _ => "encoder",
    };

    /// <summary>What stands for the examples as features of a kind.</summary>
    internal static Representation Of(FeatureKind kind) => kind switch
    {
        FeatureKind.Gradient => Gradients,
        FeatureKind.Embedding => Embeddings,
        _ => Encoder,
    };
}
