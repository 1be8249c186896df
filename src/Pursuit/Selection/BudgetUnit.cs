namespace Pursuit.Selection;

/// <summary>What a budget counts.</summary>
public enum BudgetUnit
{
    /// <summary>Examples.</summary>
    Rows,

    /// <summary>Tokens, prompt and answer together.</summary>
    Tokens,

    /// <summary>Tokens that loss is taken on.</summary>
    SupervisedTokens,
}
