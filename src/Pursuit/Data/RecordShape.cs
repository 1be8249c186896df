namespace Pursuit.Data;

/// <summary>How a record spells its content; see docs/formats/records.md for one example of each.</summary>
public enum RecordShape
{
    /// <summary><c>{"messages":[{"role","content"}, ...]}</c>, optionally with <c>tools</c> and <c>system</c>.</summary>
    Messages,

    /// <summary><c>{"conversations":[{"from","value"}, ...]}</c>.</summary>
    ShareGpt,

    /// <summary><c>{"instruction","input","output"}</c>, optionally with <c>history</c> and <c>system</c>.</summary>
    Alpaca,

    /// <summary><c>{"prompt","completion"}</c>, both texts or both lists of messages.</summary>
    PromptCompletion,

    /// <summary><c>{"text"}</c>: a plain text, trained on every token.</summary>
    Text,
}

/// <summary>The names people write for the shapes.</summary>
internal static class RecordShapeNames
{
    /// <summary>The accepted names, in the order of <see cref="RecordShape"/>.</summary>
    public static IReadOnlyList<string> All { get; } = ["messages", "sharegpt", "alpaca", "prompt-completion", "text"];

    /// <summary>The shape's name on the command line and in messages.</summary>
    public static string Name(this RecordShape shape) => All[(int)shape];

    /// <summary>Reads a name.</summary>
    /// <exception cref="PursuitException">There is no such shape.</exception>
    public static RecordShape Parse(string name)
    {
        for (var i = 0; i < All.Count; i++)
        {
            if (string.Equals(All[i], name, StringComparison.OrdinalIgnoreCase))
                return (RecordShape)i;
        }

        throw PursuitException.At(
            ApiName.Shape, $"'{name}'", $"one of {string.Join(", ", All)}", "Omit it to have the shape detected per file.");
    }
}
