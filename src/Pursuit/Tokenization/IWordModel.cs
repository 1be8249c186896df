namespace Pursuit.Tokenization;

/// <summary>What turns one word into tokens.</summary>
internal interface IWordModel
{
    /// <summary>Encodes a word into the buffer, which is cleared first.</summary>
    void Encode(ReadOnlySpan<char> word, SymbolBuffer symbols);
}
