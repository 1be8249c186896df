using System.Globalization;

namespace Pursuit.Fuzz;

/// <summary>Runs the fuzzing: <c>--target NAME --count N --seconds S --seed K --first I --keep DIR</c>, or <c>--list</c>.</summary>
internal static class Program
{
    private const int Sound = 0;
    private const int Faulty = 1;
    private const int WrongUse = 2;

    public static int Main(string[] arguments)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        try
        {
            var options = FuzzOptions.Parse(arguments);
            if (options.Target is { } wanted && !FuzzTargets.Names.Contains(wanted))
                throw PursuitException.At("--target", $"'{wanted}'", $"one of {string.Join(", ", FuzzTargets.Names)}");
            if (options.List)
            {
                foreach (var name in FuzzTargets.Names) Console.WriteLine(name);
                return Sound;
            }

            Console.WriteLine($"{"target",-20} {"inputs",12} {"accepted",12} {"refused",12} {"faults",8} {"inputs/s",10} "
                + $"{"slowest ms",11} {"largest MB",11}");
            var faults = 0L;
            foreach (var name in FuzzTargets.Names.Where(n => options.Target is null || n == options.Target))
            {
                using var run = new FuzzRun(name, FuzzTargets.Make(name), options);
                var count = run.Go();
                faults += count.Faults;
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name,-20} {count.Inputs,12:N0} {count.Accepted,12:N0} {count.Inputs - count.Accepted - count.Faults,12:N0} "
                        + $"{count.Faults,8:N0} {count.Inputs / Math.Max(1e-3, count.Seconds),10:N0} {count.SlowestMilliseconds,11:N1} "
                        + $"{count.LargestBytes / 1e6,11:N1}"));
            }

            return faults == 0 ? Sound : Faulty;
        }
        catch (PursuitException e)
        {
            Console.Error.WriteLine($"Pursuit.Fuzz: {e.Message}");
            return WrongUse;
        }
    }
}
