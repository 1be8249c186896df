using System.Globalization;

namespace Pursuit.Selection;

/// <summary>
/// How much may be chosen: a number or a share of the pool, counted in examples, tokens or supervised tokens.
/// </summary>
/// <param name="Amount">A count, or with <paramref name="IsShare"/> a fraction in (0, 1].</param>
/// <param name="IsShare">True where <paramref name="Amount"/> is a fraction of the pool.</param>
/// <param name="Unit">What is counted.</param>
public readonly record struct Budget(double Amount, bool IsShare, BudgetUnit Unit)
{
    private const string Forms =
        "a number of examples (500), a share of the pool (1%), tokens (200k-tokens, 5%-tokens) "
        + "or supervised tokens (50k-supervised-tokens)";

    private static readonly (string Suffix, BudgetUnit Unit)[] Units =
    [
        ("-supervised-tokens", BudgetUnit.SupervisedTokens),
        ("-tokens", BudgetUnit.Tokens),
        ("-rows", BudgetUnit.Rows),
    ];

    private const string UsualOption = ApiName.Budget;

    /// <summary>What messages call it: the option it was given by. Default: the library's own name of it.</summary>
    public string Option
    {
        get => field ?? UsualOption;
        init => field = value == UsualOption ? null : value; // null is what a budget has that was never given one
    }

    /// <summary>Reads "500", "2k", "1%", "200k-tokens", "5%-tokens" or "50k-supervised-tokens".</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="PursuitException">The text is none of these, or not above zero, or a share above 100%.</exception>
    public static Budget Parse(string text) => Parse(text, UsualOption);

    /// <summary>The same, of another option.</summary>
    /// <param name="text">The text.</param>
    /// <param name="option">What messages call it.</param>
    /// <exception cref="PursuitException">As above.</exception>
    public static Budget Parse(string text, string option)
    {
        var unit = BudgetUnit.Rows;
        var number = text.Trim();
        foreach (var (suffix, candidate) in Units)
        {
            if (!number.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) continue;
            unit = candidate;
            number = number[..^suffix.Length];
            break;
        }

        var isShare = number.EndsWith('%');
        var scale = 1.0;
        if (isShare)
        {
            number = number[..^1];
            scale = 0.01;
        }
        else if (number.Length > 1 && char.ToLowerInvariant(number[^1]) is 'k' or 'm' or 'g')
        {
            scale = char.ToLowerInvariant(number[^1]) switch { 'k' => 1e3, 'm' => 1e6, _ => 1e9 };
            number = number[..^1];
        }

        if (!double.TryParse(
            number, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var amount))
            throw PursuitException.At(option, $"'{text}' isn't a budget", Forms);
        amount *= scale;
        if (!(amount > 0))
            throw PursuitException.At(option, $"'{text}' is not above zero", Forms);
        if (isShare && amount > 1)
            throw PursuitException.At(option, $"'{text}' is more than the whole pool", "a share of at most 100%");
        if (!isShare && (amount != Math.Floor(amount) || amount > long.MaxValue / 2.0))
            throw PursuitException.At(option, $"'{text}' is not a whole number", Forms);
        return new Budget(amount, isShare, unit) { Option = option };
    }

    /// <summary>The budget as a count of its unit in a given pool.</summary>
    /// <param name="poolTotal">The pool's examples or tokens, in this budget's unit.</param>
    /// <exception cref="PursuitException">The count is above the pool's, or the share rounds to nothing.</exception>
    public long Resolve(long poolTotal)
    {
        var unit = UnitName(Unit);
        if (IsShare)
        {
            // 29% of 100 is 28.999999999999996 in binary, and means 29.
            var share = (long)Math.Floor(Amount * poolTotal + 1e-9);
            return share > 0
                ? share
                : throw PursuitException.At(
                    Option, $"{this} of {poolTotal:N0} {unit} is less than one", "at least one", "Choose a larger share.");
        }

        return Amount <= poolTotal
            ? (long)Amount
            : throw PursuitException.At(
                Option,
                $"{Amount:N0} {unit} asked",
                $"at most the pool's {poolTotal:N0}",
                "Lower the budget or add data; note that exact duplicates count once.");
    }

    /// <summary>What one example costs in this budget's unit.</summary>
    /// <param name="position">The example's position in the pool.</param>
    /// <param name="counts">Needed for token budgets.</param>
    public long Cost(int position, TokenCounts? counts) => CostOf(Unit, position, counts);

    /// <summary>The form that <see cref="Parse(string)"/> reads.</summary>
    public override string ToString()
    {
        var number = IsShare
            ? (Amount * 100).ToString("0.######", CultureInfo.InvariantCulture) + "%"
            : Amount.ToString("0", CultureInfo.InvariantCulture);
        return Unit switch
        {
            BudgetUnit.Tokens => number + "-tokens",
            BudgetUnit.SupervisedTokens => number + "-supervised-tokens",
            _ => number,
        };
    }

    internal static string UnitName(BudgetUnit unit) => unit switch
    {
        BudgetUnit.Tokens => "tokens",
        BudgetUnit.SupervisedTokens => "supervised tokens",
        _ => "examples",
    };

    internal static long CostOf(BudgetUnit unit, int position, TokenCounts? counts) => unit switch
    {
        BudgetUnit.Rows => 1,
        BudgetUnit.Tokens => counts!.Tokens[position],
        _ => counts!.Supervised[position],
    };
}
