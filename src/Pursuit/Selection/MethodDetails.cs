using System.Text.Json.Serialization;

namespace Pursuit.Selection;

/// <summary>
/// What a method reports besides its choice; each method has its own record, and says in the registry under which name a run keeps it as
/// JSON.
/// </summary>
public abstract record MethodDetails
{
    /// <summary>The figures a person sees in the summary, in order: name and value as they are printed.</summary>
    [JsonIgnore]
    public abstract IReadOnlyList<KeyValuePair<string, string>> Summary { get; }

    /// <summary>Bytes of features that the method read, over all its passes; null where it doesn't count them.</summary>
    [JsonIgnore]
    public virtual long? FeatureBytes => null;
}
