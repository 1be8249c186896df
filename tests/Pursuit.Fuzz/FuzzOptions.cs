using System.Globalization;

namespace Pursuit.Fuzz;

/// <summary>What to fuzz and for how long.</summary>
internal sealed record FuzzOptions
{
    /// <summary>One target's name; null for all.</summary>
    public string? Target { get; init; }

    /// <summary>Inputs of each target at most. Default: as many as the seconds allow.</summary>
    public long Count { get; init; } = long.MaxValue;

    /// <summary>Seconds of each target at most. Default 10.</summary>
    public double Seconds { get; init; } = 10;

    /// <summary>The seed: the same one makes the same inputs. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The number of the first input: with <see cref="Count"/> 1, that input alone. Default 0.</summary>
    public long First { get; init; }

    /// <summary>Where inputs that found a fault are kept. Default "fuzz-faults".</summary>
    public string Keep { get; init; } = "fuzz-faults";

    /// <summary>Lists the targets only.</summary>
    public bool List { get; init; }

    /// <summary>Reads a command line.</summary>
    /// <exception cref="PursuitException">An option is unknown or its value no number.</exception>
    public static FuzzOptions Parse(string[] arguments)
    {
        var options = new FuzzOptions();
        for (var i = 0; i < arguments.Length; i++)
        {
            var name = arguments[i];
            if (name == "--list")
            {
                options = options with { List = true };
                continue;
            }

            var value = i + 1 < arguments.Length
                ? arguments[++i]
                : throw PursuitException.At(name, "no value", "a value behind each option");
            options = name switch
            {
                "--target" => options with { Target = value },
                "--count" =>
                    options with { Count = Number(name, value), Seconds = options.Seconds == 10 ? double.MaxValue : options.Seconds },
                "--seconds" => options with { Seconds = Number(name, value) },
                "--seed" => options with { Seed = (ulong)Number(name, value) },
                "--first" => options with { First = Number(name, value) },
                "--keep" => options with { Keep = value },
                _ => throw PursuitException.At(name, "no such option", "--target, --count, --seconds, --seed, --first, --keep or --list"),
            };
        }

        return options;
    }

    private static long Number(string name, string value) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw PursuitException.At(name, $"'{value}'", "a whole number from 0");
}
