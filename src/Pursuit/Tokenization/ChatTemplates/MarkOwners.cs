using Pursuit.Jinja;

namespace Pursuit.Tokenization.ChatTemplates;

/// <summary>Which part of a record characters came from.</summary>
internal enum RecordPart
{
    /// <summary>A turn's words.</summary>
    Content,

    /// <summary>Words within a turn that the record marks as not to be trained.</summary>
    UntrainedContent,

    /// <summary>What the assistant thought before it spoke.</summary>
    Reasoning,

    /// <summary>An assistant's calls.</summary>
    ToolCalls,

    /// <summary>The definitions of the tools.</summary>
    Tools,

    /// <summary>The documents given to answer from.</summary>
    Documents,
}

/// <summary>What an owner's number in a <see cref="JinjaMark"/> stands for.</summary>
/// <param name="Turn">Position of the turn, or -1 where the whole record owns the characters.</param>
/// <param name="Part">The part.</param>
/// <param name="Item">Position of the call, tool or document within the part, or -1 for the part itself.</param>
internal readonly record struct MarkOwner(int Turn, RecordPart Part, int Item);

/// <summary>The owners of one rendering's marks, numbered as they are added: turn by turn.</summary>
internal sealed class MarkOwners
{
    private readonly List<MarkOwner> _owners = [];

    /// <summary>Owners added.</summary>
    public int Count => _owners.Count;

    /// <summary>The owner of a number.</summary>
    public MarkOwner this[int number] => _owners[number];

    /// <summary>Adds an owner.</summary>
    /// <returns>Its number.</returns>
    public int Add(int turn, RecordPart part, int item = -1)
    {
        _owners.Add(new MarkOwner(turn, part, item));
        return _owners.Count - 1;
    }
}
