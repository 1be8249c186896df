using System.Text.Json.Serialization;
using Pursuit.Selection.KCenter;
using Pursuit.Selection.Less;
using Pursuit.Selection.Pursuits;
using Pursuit.Selection.S2l;
using Pursuit.Selection.TokenScores;
using Pursuit.Selection.Tsds;
using Pursuit.Selection.Zip;

namespace Pursuit.Selection;

/// <summary>What a method reports besides its choice; each method has its own record, named here so that a run can keep it as JSON.</summary>
[JsonDerivedType(typeof(PursuitDetails), "pursuit")]
[JsonDerivedType(typeof(LessDetails), "less")]
[JsonDerivedType(typeof(S2lDetails), "s2l")]
[JsonDerivedType(typeof(ZipDetails), "zip")]
[JsonDerivedType(typeof(TsdsDetails), "tsds")]
[JsonDerivedType(typeof(KCenterDetails), "kcenter")]
[JsonDerivedType(typeof(TokenScoreDetails), "token-score")]
public abstract record MethodDetails
{
    /// <summary>The figures a person sees in the summary, in order: name and value as they are printed.</summary>
    [JsonIgnore]
    public abstract IReadOnlyList<KeyValuePair<string, string>> Summary { get; }

    /// <summary>Bytes of features that the method read, over all its passes; null where it doesn't count them.</summary>
    [JsonIgnore]
    public virtual long? FeatureBytes => null;
}
