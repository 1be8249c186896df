namespace Pursuit;

/// <summary>A stretch of a text in UTF-16 units.</summary>
/// <param name="Start">Position of the first unit.</param>
/// <param name="End">Position behind the last.</param>
internal readonly record struct CharSpan(int Start, int End)
{
    /// <summary>UTF-16 units in it.</summary>
    public int Length => End - Start;
}
