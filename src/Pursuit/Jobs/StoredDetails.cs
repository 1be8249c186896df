using System.Text.Json;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Pursuits;
using Pursuit.Storage;

namespace Pursuit.Jobs;

/// <summary>A method's details as a stage keeps them.</summary>
/// <param name="Lines">What a person sees, in order: name and value.</param>
/// <param name="Values">All of them, as the method's own record has them, with its type's name under <c>$type</c>.</param>
internal sealed record StoredDetails(IReadOnlyList<KeyValuePair<string, string>> Lines, JsonElement Values)
{
    /// <inheritdoc cref="StoredDetails"/>
    public IReadOnlyList<KeyValuePair<string, string>> Lines { get; init; } =
        Lines.Any(line => line.Key is null || line.Value is null)
            ? throw new ArgumentException("a line without its name or value", nameof(Lines))
            : Lines;

    private const string TypeName = "$type";
    private const string Expected = "what a method reported of its work";

    /// <summary>The file a stage keeps them in.</summary>
    internal const string FileName = "details.json";

    /// <summary>The details as their own type; null where they are another type's.</summary>
    /// <typeparam name="T">The type asked for.</typeparam>
    /// <exception cref="PursuitException">They are no method's.</exception>
    public T? As<T>()
        where T : MethodDetails
    {
        if (Values.ValueKind != JsonValueKind.Object) throw PursuitException.At(FileName, $"{Values.ValueKind} as the values", Expected);
        if (Values.TryGetProperty(TypeName, out _)) return Read<MethodDetails>() as T;
        // Earlier versions kept no type. Of their details only a pursuit's are read again, and only those have a list of iterations.
        var isPursuit = Values.TryGetProperty("iterations", out var iterations) && iterations.ValueKind == JsonValueKind.Array;
        return isPursuit ? Read<PursuitDetails>() as T : null;
    }

    /// <summary>What a stage keeps of some details.</summary>
    internal static StoredDetails Of(MethodDetails details) =>
        new(details.Summary, JsonSerializer.SerializeToElement(details, RunJson.Compact));

    private TDetails Read<TDetails>()
        where TDetails : MethodDetails => JsonFile.Read<TDetails>(Values, FileName, RunJson.Compact, Expected);
}
