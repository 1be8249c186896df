using System.Diagnostics;
using System.Globalization;

namespace Pursuit.Fuzz;

/// <summary>What fuzzing a target came to.</summary>
internal sealed record FuzzCount(long Inputs, long Accepted, long Faults, double Seconds, double SlowestMilliseconds, long LargestBytes);

/// <summary>
/// Feeds a target. Each input depends on the seed, the target's name and its own number, so that <c>--first N --count 1</c> makes
/// it again. A fault is an exception that isn't a <see cref="PursuitException"/>, more than 5 seconds, or more than 1 GiB allocated.
/// </summary>
internal sealed class FuzzRun : IDisposable
{
    private const double MostSeconds = 5;
    private const long MostBytes = 1L << 30;
    private const int MostKept = 20;

    /// <summary>A reader that hasn't come back by now never will: the process ends, with the input kept.</summary>
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    private readonly string _name;
    private readonly FuzzTarget _target;
    private readonly FuzzOptions _options;
    private readonly Timer _watch;
    private long _current;
    private long _startedAt;
    private long _faults;

    public FuzzRun(string name, FuzzTarget target, FuzzOptions options)
    {
        (_name, _target, _options) = (name, target, options);
        _watch = new Timer(_ => EndWhereHung(), null, Hang / 4, Hang / 4);
    }

    /// <summary>Runs until the count or the time is reached.</summary>
    public FuzzCount Go()
    {
        var clock = Stopwatch.StartNew();
        var (inputs, accepted, slowest, largest) = (0L, 0L, 0.0, 0L);
        for (; inputs < _options.Count && (inputs == 0 || clock.Elapsed.TotalSeconds < _options.Seconds); inputs++)
        {
            var number = _options.First + inputs;
            var input = InputOf(number);
            Volatile.Write(ref _current, number);
            var (started, before) = (Stopwatch.GetTimestamp(), GC.GetTotalAllocatedBytes());
            Volatile.Write(ref _startedAt, started);
            Exception? fault = null;
            try
            {
                _target.Read(input);
                accepted++;
            }
            catch (PursuitException)
            {
                // Refused in words, as it should be.
            }
            catch (Exception e)
            {
                fault = e; // whatever it is: that is what is looked for
            }

            Volatile.Write(ref _startedAt, 0);
            var (seconds, bytes) = (Stopwatch.GetElapsedTime(started).TotalSeconds, GC.GetTotalAllocatedBytes() - before);
            (slowest, largest) = (Math.Max(slowest, seconds), Math.Max(largest, bytes));
            if (fault is not null) Keep(number, input, fault.ToString());
            else if (seconds > MostSeconds)
                Keep(
                    number, input, string.Create(CultureInfo.InvariantCulture, $"{seconds:N1} seconds, at most {MostSeconds} are allowed"));
            else if (bytes > MostBytes) Keep(number, input, $"{bytes:N0} bytes allocated, at most {MostBytes:N0} are allowed");
        }

        return new FuzzCount(inputs, accepted, _faults, clock.Elapsed.TotalSeconds, slowest * 1e3, largest);
    }

    public void Dispose()
    {
        _watch.Dispose();
        _target.Dispose();
    }

    /// <summary>Every tenth input is a seed with one change, the others have up to eight.</summary>
    private byte[] InputOf(long number)
    {
        var random = new SeededRandom(_options.Seed, "fuzz/" + _name, (ulong)number);
        var seeds = _target.Seeds;
        var input = seeds[random.NextInt(seeds.Count)];
        if (number < seeds.Count) return seeds[(int)number]; // as they stand: they must be accepted, or mutations reach nothing
        for (var changes = number % 10 == 0 ? 1 : 1 + random.NextInt(8); changes > 0; changes--)
        {
            input = _target.Mutator.Mutate(random, input, seeds[random.NextInt(seeds.Count)]);
        }

        return input;
    }

    private void Keep(long number, byte[] input, string what)
    {
        _faults++;
        Console.Error.WriteLine($"FAULT {_name}, seed {_options.Seed}, input {number}: {what.Split('\n')[0]}");
        if (_faults > MostKept) return;
        Directory.CreateDirectory(_options.Keep);
        var path = Path.Combine(_options.Keep, $"{_name}-{_options.Seed}-{number}");
        File.WriteAllBytes(path + ".input", input);
        File.WriteAllText(path + ".txt", what + "\n");
    }

    private void EndWhereHung()
    {
        if (Volatile.Read(ref _startedAt) is not (> 0 and var started) || Stopwatch.GetElapsedTime(started) < Hang) return;
        var number = Volatile.Read(ref _current);
        Keep(number, InputOf(number), $"no answer within {Hang.TotalSeconds} seconds");
        Environment.Exit(1);
    }
}
