using System.Text;

namespace Pursuit;

/// <summary>
/// Names of the library's options and jobs inside a message: a caller with other names for them, such as a command line,
/// writes its own in their place.
/// </summary>
/// <remarks>
/// A name stands between two Unicode noncharacters, which no text may contain, so that a word of the user's is never taken for one;
/// what isn't between both is left as it is.
/// </remarks>
internal static class ApiName
{
    public const string Adapter = "\uFDD0Adapter\uFDD1";
    public const string Again = "\uFDD0Again\uFDD1";
    public const string Batch = "\uFDD0Batch\uFDD1";
    public const string Budget = "\uFDD0Budget\uFDD1";
    public const string Columns = "\uFDD0Columns\uFDD1";
    public const string Context = "\uFDD0Context\uFDD1";
    public const string Data = "\uFDD0Data\uFDD1";
    public const string Encoder = "\uFDD0Encoder\uFDD1";
    public const string EpochSeeds = "\uFDD0EpochSeeds\uFDD1";
    public const string Epochs = "\uFDD0Epochs\uFDD1";
    public const string Examples = "\uFDD0Examples\uFDD1";
    public const string ExcludeTarget = "\uFDD0ExcludeTarget\uFDD1";
    public const string Features = "\uFDD0Features\uFDD1";
    public const string Format = "\uFDD0Format\uFDD1";
    public const string FromScratch = "\uFDD0FromScratch\uFDD1";
    public const string Generate = "\uFDD0Generate\uFDD1";
    public const string HeldOut = "\uFDD0HeldOut\uFDD1";
    public const string Id = "\uFDD0Id\uFDD1";
    public const string Indices = "\uFDD0Indices\uFDD1";
    public const string LearningRate = "\uFDD0LearningRate\uFDD1";
    public const string Match = "\uFDD0Match\uFDD1";
    public const string MaxLength = "\uFDD0MaxLength\uFDD1";
    public const string Memory = "\uFDD0Memory\uFDD1";
    public const string Method = "\uFDD0Method\uFDD1";
    public const string Methods = "\uFDD0Methods\uFDD1";
    public const string Model = "\uFDD0Model\uFDD1";
    public const string On = "\uFDD0On\uFDD1";
    public const string Out = "\uFDD0Out\uFDD1";
    public const string Pool = "\uFDD0Pool\uFDD1";
    public const string Preference = "\uFDD0Preference\uFDD1";
    public const string Quota = "\uFDD0Quota\uFDD1";
    public const string ReferenceModel = "\uFDD0ReferenceModel\uFDD1";
    public const string Removed = "\uFDD0Removed\uFDD1";
    public const string Repeats = "\uFDD0Repeats\uFDD1";
    public const string Run = "\uFDD0Run\uFDD1";
    public const string Seed = "\uFDD0Seed\uFDD1";
    public const string Seeds = "\uFDD0Seeds\uFDD1";
    public const string Selection = "\uFDD0Selection\uFDD1";
    public const string Set = "\uFDD0Set\uFDD1";
    public const string Share = "\uFDD0Share\uFDD1";
    public const string Shape = "\uFDD0Shape\uFDD1";
    public const string Shard = "\uFDD0Shard\uFDD1";
    public const string SourceField = "\uFDD0SourceField\uFDD1";
    public const string Strict = "\uFDD0Strict\uFDD1";
    public const string Subsets = "\uFDD0Subsets\uFDD1";
    public const string Target = "\uFDD0Target\uFDD1";
    public const string TargetFeatures = "\uFDD0TargetFeatures\uFDD1";
    public const string TemplateSet = "\uFDD0TemplateSet\uFDD1";
    public const string Test = "\uFDD0Test\uFDD1";
    public const string Threads = "\uFDD0Threads\uFDD1";
    public const string Time = "\uFDD0Time\uFDD1";
    public const string Tokenizer = "\uFDD0Tokenizer\uFDD1";
    public const string Use = "\uFDD0Use\uFDD1";
    public const string Warmup = "\uFDD0Warmup\uFDD1";
    public const string Where = "\uFDD0Where\uFDD1";
    public const string With = "\uFDD0With\uFDD1";
    public const string OptionsFile = "\uFDD0OptionsFile\uFDD1";
    public const string DatasetAudit = "\uFDD0DatasetAudit\uFDD1";
    public const string FineTuneJob = "\uFDD0FineTuneJob\uFDD1";
    public const string ModelFeatures = "\uFDD0ModelFeatures\uFDD1";
    public const string ProveJob = "\uFDD0ProveJob\uFDD1";
    public const string SelectJob = "\uFDD0SelectJob\uFDD1";

    private const char Begin = '\uFDD0';
    private const char End = '\uFDD1';

    /// <summary>Whether a message begins with one of these names.</summary>
    public static bool Begins(string message) => message.StartsWith(Begin);

    /// <summary>A message with the names as they are in code.</summary>
    public static string Plain(string message) => Renamed(message, name => name);

    /// <summary>A message with a caller's names.</summary>
    /// <param name="message">The message.</param>
    /// <param name="rename">Gives the caller's name for one of these.</param>
    public static string Renamed(string message, Func<string, string> rename)
    {
        if (!message.Contains(Begin)) return message;
        var text = new StringBuilder(message.Length);
        for (var at = 0; at < message.Length; at++)
        {
            var end = message[at] == Begin ? message.IndexOf(End, at) : -1;
            if (end < 0)
            {
                text.Append(message[at]);
                continue;
            }

            text.Append(rename(message[(at + 1)..end]));
            at = end;
        }

        return text.ToString();
    }
}
