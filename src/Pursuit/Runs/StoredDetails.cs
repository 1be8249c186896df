using System.Text.Json;
using Pursuit.Selection;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Runs;

/// <summary>A method's details as a stage keeps them.</summary>
/// <param name="Lines">What a person sees, in order: name and value.</param>
/// <param name="Values">All of them, as the method's own record has them, with its type's name under <c>$type</c>.</param>
public sealed record StoredDetails(IReadOnlyList<KeyValuePair<string, string>> Lines, JsonElement Values)
{
    private const string TypeName = "$type";

    /// <summary>The details as their own type; null where they are another type's.</summary>
    /// <typeparam name="T">The type asked for.</typeparam>
    public T? As<T>()
        where T : MethodDetails
    {
        if (Values.TryGetProperty(TypeName, out _)) return Values.Deserialize<MethodDetails>(RunJson.Compact) as T;
        // Earlier versions kept no type. Of their details only a pursuit's are read again, and only those have a list of iterations.
        var isPursuit = Values.TryGetProperty("iterations", out var iterations) && iterations.ValueKind == JsonValueKind.Array;
        return isPursuit ? Values.Deserialize<PursuitDetails>(RunJson.Compact) as T : null;
    }

    /// <summary>What a stage keeps of some details.</summary>
    internal static StoredDetails Of(MethodDetails details) => new(details.Summary, JsonSerializer.SerializeToElement(details, RunJson.Compact));
}
