using System.Runtime.InteropServices;

namespace Pursuit.Tokenization.Patterns;

/// <summary>
/// A backtracking matcher over code points, for the patterns that have no scanner of their own. Its work is bounded: a
/// pattern that needs more steps than its text's <see cref="TextWork"/> allows is refused, deterministically.
/// </summary>
internal sealed class RegexPattern : TextPattern
{
    private const int LargestProgram = 20_000;
    private const int LongestPattern = 4096;

    private readonly List<Instruction> _program = [];
    private readonly string _pattern;
    private readonly string _where;

    /// <summary>Compiles a pattern.</summary>
    /// <exception cref="PursuitException">The pattern isn't supported.</exception>
    public RegexPattern(string pattern, string where)
    {
        _pattern = pattern;
        _where = where;
        if (pattern.Length > LongestPattern)
            throw PursuitException.At(where, $"a regular expression of {pattern.Length:N0} characters", $"at most {LongestPattern:N0}");
        Compile(RegexParser.Parse(pattern, where));
        Emit(new Instruction(Operation.Done));
    }

    private enum Operation
    {
        Done,
        Set,
        Jump,
        Split, // tries Target first, Other if that fails
        Anchor,
        Behind,
        Look, // runs the sub-program up to its Done, then continues at Target
        Atomic,
    }

    private readonly record struct Instruction(
        Operation Operation, int Target = 0, int Other = 0, CodePointSet? Set = null, bool Negative = false);

    /// <inheritdoc/>
    public override void FindAll(string text, List<TextMatch> matches, TextWork work)
    {
        var stack = new Stack<(int, int)>();
        for (var start = 0; start <= text.Length;)
        {
            var end = Run(0, text, start, stack, work);
            if (end >= 0) matches.Add(new TextMatch(start, end));
            if (end > start) start = end;
            else start += start < text.Length && CodePoint(text, start) > char.MaxValue ? 2 : 1;
        }
    }

    private int Run(int entry, string text, int start, Stack<(int Program, int Position)> stack, TextWork work)
    {
        var instructions = CollectionsMarshal.AsSpan(_program);
        var floor = stack.Count;
        stack.Push((entry, start));
        while (stack.Count > floor)
        {
            var (program, position) = stack.Pop();
            while (true)
            {
                work.Step(_pattern);
                ref readonly var instruction = ref instructions[program];
                var goesOn = true;
                switch (instruction.Operation)
                {
                    case Operation.Done:
                        while (stack.Count > floor) stack.Pop();
                        return position;
                    case Operation.Set:
                        goesOn = position < text.Length;
                        if (!goesOn) break;
                        var codePoint = CodePoint(text, position);
                        goesOn = instruction.Set!.Contains(codePoint);
                        position += codePoint > char.MaxValue ? 2 : 1;
                        program++;
                        break;
                    case Operation.Jump:
                        program = instruction.Target;
                        break;
                    case Operation.Split:
                        stack.Push((instruction.Other, position));
                        program = instruction.Target;
                        break;
                    case Operation.Anchor:
                        goesOn = Holds((AnchorKind)instruction.Other, text, position);
                        program++;
                        break;
                    case Operation.Behind:
                        goesOn = (position > 0 && instruction.Set!.Contains(CodePointBefore(text, position))) != instruction.Negative;
                        program++;
                        break;
                    default:
                        var end = Run(program + 1, text, position, stack, work);
                        goesOn = end >= 0 != instruction.Negative;
                        if (instruction.Operation == Operation.Atomic) position = end;
                        program = instruction.Target;
                        break;
                }

                if (!goesOn) break;
            }
        }

        return -1;
    }

    private void Compile(RegexNode node)
    {
        switch (node)
        {
            case RegexNode.Set set:
                Emit(new Instruction(Operation.Set, Set: set.Points));
                break;
            case RegexNode.Sequence sequence:
                foreach (var item in sequence.Items) Compile(item);
                break;
            case RegexNode.Choice choice:
                CompileChoice(choice.Options);
                break;
            case RegexNode.Repeat { Possessive: true } repeat:
                CompileSub(Operation.Atomic, repeat with { Possessive = false }, negative: false);
                break;
            case RegexNode.Repeat repeat:
                CompileRepeat(repeat);
                break;
            case RegexNode.LookAhead look:
                CompileSub(Operation.Look, look.Item, look.Negative);
                break;
            case RegexNode.LookBehind behind:
                Emit(new Instruction(Operation.Behind, Set: behind.Points, Negative: behind.Negative));
                break;
            case RegexNode.Atomic atomic:
                CompileSub(Operation.Atomic, atomic.Item, negative: false);
                break;
            case RegexNode.Anchor anchor:
                Emit(new Instruction(Operation.Anchor, Other: (int)anchor.Kind));
                break;
        }
    }

    private void CompileChoice(IReadOnlyList<RegexNode> options)
    {
        var ends = new List<int>();
        for (var i = 0; i < options.Count - 1; i++)
        {
            var split = Emit(new Instruction(Operation.Split, _program.Count + 1));
            Compile(options[i]);
            ends.Add(Emit(new Instruction(Operation.Jump)));
            _program[split] = _program[split] with { Other = _program.Count };
        }

        Compile(options[^1]);
        foreach (var end in ends) _program[end] = _program[end] with { Target = _program.Count };
    }

    private void CompileRepeat(RegexNode.Repeat repeat)
    {
        for (var i = 0; i < repeat.Minimum; i++) Compile(repeat.Item);
        if (repeat.Maximum is { } maximum)
        {
            var splits = new List<int>();
            for (var i = repeat.Minimum; i < maximum; i++)
            {
                splits.Add(Emit(new Instruction(Operation.Split)));
                Compile(repeat.Item);
            }

            foreach (var split in splits) _program[split] = Ordered(split + 1, _program.Count, repeat.Lazy);
            return;
        }

        var loop = Emit(new Instruction(Operation.Split));
        Compile(repeat.Item);
        Emit(new Instruction(Operation.Jump, loop));
        _program[loop] = Ordered(loop + 1, _program.Count, repeat.Lazy);
    }

    private static Instruction Ordered(int again, int leave, bool lazy) =>
        lazy ? new Instruction(Operation.Split, leave, again) : new Instruction(Operation.Split, again, leave);

    private void CompileSub(Operation operation, RegexNode item, bool negative)
    {
        var at = Emit(new Instruction(operation, Negative: negative));
        Compile(item);
        Emit(new Instruction(Operation.Done));
        _program[at] = _program[at] with { Target = _program.Count };
    }

    private int Emit(Instruction instruction)
    {
        if (_program.Count >= LargestProgram)
            throw PursuitException.At(
                _where, $"the regular expression of {_pattern.Length} characters unfolds to over {LargestProgram} steps",
                "a smaller pattern");
        _program.Add(instruction);
        return _program.Count - 1;
    }

    private static bool Holds(AnchorKind kind, string text, int position) => kind switch
    {
        AnchorKind.LineStart => position == 0 || text[position - 1] == '\n',
        AnchorKind.LineEnd => position == text.Length || text[position] == '\n',
        AnchorKind.TextStart => position == 0,
        AnchorKind.TextEnd => position == text.Length,
        AnchorKind.WordBoundary => IsBoundary(text, position),
        AnchorKind.NoWordBoundary => !IsBoundary(text, position),
        _ => position == text.Length || (position == text.Length - 1 && text[position] == '\n'),
    };

    private static bool IsBoundary(string text, int position) =>
        (position > 0 && RegexProperties.IsWord(CodePointBefore(text, position)))
            != (position < text.Length && RegexProperties.IsWord(CodePoint(text, position)));

    private static int CodePoint(string text, int position)
    {
        var c = text[position];
        return char.IsHighSurrogate(c) && position + 1 < text.Length && char.IsLowSurrogate(text[position + 1])
            ? char.ConvertToUtf32(c, text[position + 1])
            : c;
    }

    private static int CodePointBefore(string text, int position)
    {
        var c = text[position - 1];
        return char.IsLowSurrogate(c) && position > 1 && char.IsHighSurrogate(text[position - 2])
            ? char.ConvertToUtf32(text[position - 2], c)
            : c;
    }
}
