using Pursuit.Data;

namespace Pursuit.SampleWorld.Skills;

/// <summary>
/// Small stories that need two or three calculations. Every answer shows one calculation a line and ends with
/// "Answer: N", so that it can be scored by its last line.
/// </summary>
internal static class WordProblems
{
    public static readonly Skill Skill = new("word-problem", "stories of two or three calculations; the last line is the answer", 160, Make)
    {
        // Two stories with the same numbers in the same order are the same exercise, whoever buys the apples.
        Essence = turns => Skill.Pieces(turns, @"\d+"),
    };

    private static readonly Func<SeededRandom, (string Question, string[] Steps, int Answer)>[] Stories =
        [
            Shopping, Sharing, Earning, Travelling, Packing, Saving, Reading, Baking, Planting, Ages, Tickets, Parking, Collecting, Walking,
            Painting, Filling,
        ];

    private static IReadOnlyList<Turn> Make(SeededRandom random)
    {
        var (question, steps, answer) = random.Pick<Func<SeededRandom, (string, string[], int)>>(Stories)(random);
        return Talk.Once(question, $"{string.Join('\n', steps)}\nAnswer: {answer}");
    }

    private static (string, string[], int) Shopping(SeededRandom r)
    {
        int n = r.Between(2, 12), p = r.Between(2, 9), m = r.Between(2, 9), q = r.Between(3, 15);
        var (x, y) = (r.Pick(Words.Things), r.Pick(Words.Products));
        int a = n * p, b = m * q;
        var ask = r.Pick("How much is it altogether?", "What is the total in dollars?", "How many dollars is that?");
        var who = r.Pick(Words.Names);
        return (
            r.Pick(
                $"{who} buys {Wording.Count(n, x)} at {p} dollars each and {Wording.Count(m, y)} at {q} dollars each. {ask}",
                $"{Wording.Capital(Wording.A(x))} costs {p} dollars and {Wording.A(y)} costs {q} dollars. {who} takes {n} of the first "
                    + $"and {m} of the second. {ask}"),
            [$"{n} * {p} = {a}", $"{m} * {q} = {b}", $"{a} + {b} = {a + b}"],
            a + b);
    }

    private static (string, string[], int) Sharing(SeededRandom r)
    {
        int friends = r.Between(3, 9), each = r.Between(3, 14), kept = r.Between(2, 20), start = friends * each + kept;
        var (who, thing) = (r.Pick(Words.Names), Wording.Plural(r.Pick(Words.Things)));
        return (
            r.Pick(
                $"{who} has {start} {thing}, keeps {kept} and shares the rest equally among {friends} friends. "
                    + "How many does each friend get?",
                $"From a box of {start} {thing}, {who} sets {kept} aside. The others are split evenly between {friends} children. "
                    + $"How many {thing} does one child receive?"),
            [$"{start} - {kept} = {start - kept}", $"{start - kept} / {friends} = {each}"],
            each);
    }

    private static (string, string[], int) Earning(SeededRandom r)
    {
        int rate = r.Between(9, 30), first = r.Between(2, 9), second = r.Between(2, 9), spent = r.Between(5, 35);
        var who = r.Pick(Words.Names);
        int hours = first + second, pay = hours * rate;
        return (
            $"{who} earns {rate} dollars an hour. On {r.Pick(Words.Weekdays)} {who} works {first} hours and the next day {second} hours, "
                + $"then spends {spent} dollars. How much of the pay is left?",
            [$"{first} + {second} = {hours}", $"{hours} * {rate} = {pay}", $"{pay} - {spent} = {pay - spent}"],
            pay - spent);
    }

    private static (string, string[], int) Travelling(SeededRandom r)
    {
        int v = 5 * r.Between(8, 20), t = r.Between(2, 6), w = 5 * r.Between(6, 18), u = r.Between(1, 5);
        var from = r.Sample<string>(Words.Cities, 2);
        int a = v * t, b = w * u;
        return (
            r.Pick(
                $"A train leaves {from[0]} and runs {t} hours at {v} km/h, then {u} hours at {w} km/h until {from[1]}. "
                    + "How many kilometres is the trip?",
                $"Driving from {from[0]} to {from[1]}, {r.Pick(Words.Names)} goes {v} km/h for {t} hours and {w} km/h for {u} hours. "
                    + "How far is it in kilometres?"),
            r.Chance(0.5)
                ? [$"{v} * {t} = {a}", $"{w} * {u} = {b}", $"{a} + {b} = {a + b}"]
                : [$"{t} * {v} = {a}", $"{u} * {w} = {b}", $"{a} + {b} = {a + b}"],
            a + b);
    }

    private static (string, string[], int) Packing(SeededRandom r)
    {
        int boxes = r.Between(3, 15), each = r.Between(4, 24), broken = r.Between(2, 11), good = boxes * each - broken;
        var thing = Wording.Plural(r.Pick(Words.Things));
        return (
            r.Pick(
                $"A shop in {r.Pick(Words.Cities)} gets {boxes} boxes with {each} {thing} in each. {broken} of the {thing} are damaged. "
                    + "How many are fine?",
                $"There are {boxes} crates of {each} {thing}. After {broken} {thing} are thrown away, how many remain?"),
            [$"{boxes} * {each} = {boxes * each}", $"{boxes * each} - {broken} = {good}"],
            good);
    }

    private static (string, string[], int) Saving(SeededRandom r)
    {
        int weekly = r.Between(4, 25), weeks = r.Between(3, 20), has = r.Between(5, 60), total = has + weekly * weeks;
        var who = r.Pick(Words.Names);
        if (r.Chance(0.5))
        {
            return (
                $"{who} has {has} dollars and saves {weekly} dollars every week. How many dollars does {who} have after {weeks} weeks?",
                [$"{weekly} * {weeks} = {weekly * weeks}", $"{has} + {weekly * weeks} = {total}"],
                total);
        }

        return (
            $"{who} wants {Wording.A(r.Pick(Words.Products))} for {total} dollars and already has {has}. Saving {weekly} dollars a week, "
                + "how many weeks will it take?",
            [$"{total} - {has} = {total - has}", $"{total - has} / {weekly} = {weeks}"],
            weeks);
    }

    private static (string, string[], int) Reading(SeededRandom r)
    {
        int perDay = r.Between(6, 40), days = r.Between(3, 9), left = r.Between(10, 90), pages = perDay * days + left;
        return (
            r.Pick(
                $"A book has {pages} pages. {r.Pick(Words.Names)} reads {perDay} pages a day for {days} days. How many pages are left?",
                $"{r.Pick(Words.Names)} reads {perDay} pages each day. After {days} days, how many of the book's "
                    + $"{pages} pages are still unread?"),
            [$"{perDay} * {days} = {perDay * days}", $"{pages} - {perDay * days} = {left}"],
            left);
    }

    private static (string, string[], int) Baking(SeededRandom r)
    {
        int trays = r.Between(3, 9), each = r.Between(6, 16), eaten = r.Between(2, 15), bags = r.Between(2, 6);
        eaten += (trays * each - eaten) % bags; // so that the bags come out even
        int all = trays * each, rest = all - eaten;
        return (
            $"{r.Pick(Words.Names)} bakes {trays} trays of {each} rolls. The family eats {eaten}, and the rest go into {bags} bags, "
                + "the same number in each. How many rolls are in one bag?",
            [$"{trays} * {each} = {all}", $"{all} - {eaten} = {rest}", $"{rest} / {bags} = {rest / bags}"],
            rest / bags);
    }

    private static (string, string[], int) Planting(SeededRandom r)
    {
        int rows = r.Between(4, 18), each = r.Between(5, 20), more = r.Between(2, 6), extra = r.Between(3, 12);
        int a = rows * each, b = more * extra;
        return (
            $"A garden has {rows} rows of {each} tulips. {r.Pick(Words.Names)} adds {more} rows of {extra} roses. "
                + "How many flowers are there now?",
            [$"{rows} * {each} = {a}", $"{more} * {extra} = {b}", $"{a} + {b} = {a + b}"],
            a + b);
    }

    private static (string, string[], int) Ages(SeededRandom r)
    {
        int young = r.Between(4, 15), times = r.Between(2, 5), later = r.Between(2, 15), old = young * times;
        var who = r.Sample<string>(Words.Names, 2);
        return (
            r.Pick(
                $"{who[0]} is {young} years old and {who[1]} is {times} times as old. How old will {who[1]} be in {later} years?",
                $"{who[0]} is {young}. {who[1]}'s age is {times} times that. What will {who[1]}'s age be after {later} more years?"),
            [$"{young} * {times} = {old}", $"{old} + {later} = {old + later}"],
            old + later);
    }

    private static (string, string[], int) Tickets(SeededRandom r)
    {
        int adults = r.Between(2, 40), children = r.Between(2, 60), price = r.Between(6, 18), reduced = r.Between(2, 5);
        int a = adults * price, b = children * reduced;
        return (
            $"A museum ticket is {price} dollars for adults and {reduced} dollars for children. On {r.Pick(Words.Weekdays)}, "
                + $"{adults} adults and {children} children came. How many dollars did the museum take?",
            [$"{adults} * {price} = {a}", $"{children} * {reduced} = {b}", $"{a} + {b} = {a + b}"],
            a + b);
    }

    private static (string, string[], int) Parking(SeededRandom r)
    {
        int floors = r.Between(3, 9), places = r.Between(20, 90), cars = r.Between(30, floors * places - 5), all = floors * places;
        return (
            r.Pick(
                $"A car park in {r.Pick(Words.Cities)} has {floors} floors with {places} places each. "
                    + $"{cars} cars are inside. How many places are free?",
                $"{cars} cars stand in a garage of {floors} floors, each with {places} places. How many places are empty?"),
            [$"{floors} * {places} = {all}", $"{all} - {cars} = {all - cars}"],
            all - cars);
    }

    private static (string, string[], int) Collecting(SeededRandom r)
    {
        int mine = r.Between(12, 95), more = r.Between(5, 40), given = r.Between(3, 30);
        var who = r.Sample<string>(Words.Names, 2);
        var thing = Wording.Plural(r.Pick(Words.Things));
        int theirs = mine + more, both = mine + theirs;
        return (
            $"{who[0]} has {mine} {thing}. {who[1]} has {more} more than {who[0]}. Together they give away {given}. "
                + $"How many {thing} do they have left?",
            [$"{mine} + {more} = {theirs}", $"{mine} + {theirs} = {both}", $"{both} - {given} = {both - given}"],
            both - given);
    }

    private static (string, string[], int) Walking(SeededRandom r)
    {
        int a = r.Between(3, 19), b = r.Between(2, 14), c = r.Between(2, 12), days = r.Between(2, 9);
        int day = a + b + c;
        return (
            $"Every day {r.Pick(Words.Names)} walks {a} km in the morning, {b} km at noon and {c} km in the evening. "
                + $"How many kilometres is that in {days} days?",
            [$"{a} + {b} + {c} = {day}", $"{day} * {days} = {day * days}"],
            day * days);
    }

    private static (string, string[], int) Painting(SeededRandom r)
    {
        int length = r.Between(3, 25), width = r.Between(2, 14), price = r.Between(2, 12), area = length * width;
        return (
            r.Pick(
                $"A wall is {length} m long and {width} m high. Paint costs {price} dollars per square metre. "
                    + "What does painting the wall cost in dollars?",
                $"A carpet of {length} m by {width} m is sold at {price} dollars per square metre. What is its price in dollars?"),
            [$"{length} * {width} = {area}", $"{area} * {price} = {area * price}"],
            area * price);
    }

    private static (string, string[], int) Filling(SeededRandom r)
    {
        int inflow = r.Between(8, 30), outflow = r.Between(2, inflow - 3), minutes = r.Between(4, 30), start = r.Between(5, 80);
        int net = inflow - outflow, gain = net * minutes;
        return (
            $"A tank holds {start} litres. Each minute {inflow} litres flow in and {outflow} litres flow out. "
                + $"How many litres are in it after {minutes} minutes?",
            [$"{inflow} - {outflow} = {net}", $"{net} * {minutes} = {gain}", $"{start} + {gain} = {start + gain}"],
            start + gain);
    }
}
