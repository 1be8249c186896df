using Pursuit.Data;

namespace Pursuit.SampleWorld.Skills;

/// <summary>Short passages: answering questions from them, summing them up, giving them a title.</summary>
internal static class Reading
{
    public static readonly Skill Answering = new(
        "reading", "questions about a given passage, some of which it does not answer", 150, MakeAnswering);
    public static readonly Skill Summary = new("summary", "one-sentence summaries, titles and key points of a paragraph", 140, MakeSummary)
    {
        CanFollowItself = false,
    };

    /// <summary>A paragraph with its core in one sentence, a title, key points, and questions with answers.</summary>
    private sealed record Passage(
        string Text, string Core, string Title, string[] Points, (string Question, string Answer)[] Facts, string[] Unanswered);

    private static Passage Draw(SeededRandom random) =>
        random.Pick<Func<SeededRandom, Passage>>(NewPlace, Festival, Animal, Person, Study)(random);

    private static IReadOnlyList<Turn> MakeAnswering(SeededRandom random)
    {
        var passage = Draw(random);
        var facts = random.Sample<(string Question, string Answer)>(passage.Facts, 2);
        var closing = random.Pick("Answer from the passage.", "Use only the text.", "");
        if (random.Chance(0.15))
        {
            return Talk.Once(
                $"{passage.Text}\n\n{random.Pick(passage.Unanswered)} {closing}".TrimEnd(), "The passage does not say.");
        }

        var question = facts[0].Question;
        var opening = random.NextInt(3) switch
        {
            0 => Talk.Once($"{question} {closing}".TrimEnd() + $"\n\n{passage.Text}", facts[0].Answer),
            1 => Talk.Under("Answer questions about the passage as briefly as you can.", $"{passage.Text}\n\n{question}", facts[0].Answer),
            _ => Talk.Once($"Passage: {passage.Text}\nQuestion: {question}", facts[0].Answer),
        };
        return random.Chance(0.35) ? [.. opening, .. Talk.Once(facts[1].Question, facts[1].Answer)] : opening;
    }

    private static IReadOnlyList<Turn> MakeSummary(SeededRandom random)
    {
        var passage = Draw(random);
        return random.NextInt(4) switch
        {
            0 => Talk.Once(
                $"{random.Pick("Give this paragraph a title.", "Suggest a short headline for this text.")}\n\n{passage.Text}",
                passage.Title),
            1 => Talk.Once(
                $"{random.Pick("List the key points of this text.", "What are the main points? Use bullets.")}\n\n{passage.Text}",
                string.Join('\n', passage.Points.Select(p => $"- {p}"))),
            2 => Talk.Exchanges(
                [($"{passage.Text}\n\nSummarise this in one sentence.", passage.Core), ("Now a title, please.", passage.Title)]),
            _ => Talk.Once(
                random.Pick(
                    "Summarise in one sentence:", "Sum this paragraph up in one sentence.", "What is this text about, in one sentence?")
                    + $"\n\n{passage.Text}",
                passage.Core),
        };
    }

    private static Passage NewPlace(SeededRandom r)
    {
        string city = r.Pick(Words.Cities), month = r.Pick(Words.Months), name = $"{r.Pick(Words.Names)} {r.Pick(Words.Surnames)}";
        var place = r.Pick("library", "swimming pool", "skate park", "market hall", "youth centre", "bicycle bridge");
        int cost = r.Between(2, 60), months = r.Between(8, 40), visitors = 50 * r.Between(4, 60);
        return new(
            r.Pick(
                $"The town of {city} opened a new {place} in {month}. Building it took {months} months and cost {cost} million dollars. "
                    + $"{name}, the architect, wanted rooms full of daylight. About {visitors} people came on the first day.",
                $"After {months} months of work, {city} has a new {place}. It opened in {month} and was designed by {name}. "
                    + $"The town paid {cost} million dollars for it, and some {visitors} visitors came to the opening."),
            $"{city} opened a new {place} in {month} after {months} months of building.",
            $"New {Wording.Title(place)} Opens in {city}",
            [
                $"{city} has a new {place}", $"It took {months} months and {cost} million dollars",
                $"About {visitors} people came on the first day",
            ],
            [
                ($"What did {city} open?", $"A new {place}."), ("How much did the building cost?", $"{cost} million dollars."),
                ("How long did the work take?", $"{months} months."), ("Who designed it?", $"{name}."),
                ("In which month did it open?", $"{month}."),
            ],
            ["How many people work there?", "Who paid for the furniture?", "When does it close in the evening?"]);
    }

    private static Passage Festival(SeededRandom r)
    {
        string city = r.Pick(Words.Cities), day = r.Pick(Words.Weekdays), who = r.Pick(Words.Names), prize = r.Pick(Words.Products);
        var what = r.Pick("kite", "soup", "lantern", "rowing", "chess", "singing", "baking");
        int age = r.Between(9, 80), teams = r.Between(8, 60), years = r.Between(3, 90);
        return new(
            r.Pick(
                $"Every year {city} holds a {what} contest, now for the {Wording.Ordinal(years)} time. This {day}, {teams} teams took part "
                    + $"in spite of the rain. The winner was {who}, aged {age}, who took home a {prize}.",
                $"{who}, aged {age}, won the {Wording.Ordinal(years)} {what} contest of {city} on {day}. {teams} teams had entered, "
                    + $"although it rained all day. The prize was a {prize}."),
            $"{who} won the {Wording.Ordinal(years)} {what} contest in {city} against {teams} teams.",
            $"{who} Wins {Wording.Capital(what)} Contest in {city}",
            [$"{city} held its {Wording.Ordinal(years)} {what} contest", $"{teams} teams took part", $"{who} won a {prize}"],
            [
                ("Who won the contest?", $"{who}."), ("How many teams took part?", $"{teams}."), ("What was the prize?", $"A {prize}."),
                ("How was the weather?", "It rained."), ("How old is the winner?", $"{age}."),
            ],
            ["Who came second?", "How much was the entry fee?", "Where does the winner live?"]);
    }

    private static Passage Animal(SeededRandom r)
    {
        var animal = r.Pick("marsh lynx", "silver heron", "cave newt", "dune mouse", "river otter", "snow finch", "moss turtle");
        var food = r.Pick("small fish", "berries", "beetles", "seeds and roots", "snails");
        var home = r.Pick("wetlands", "pine forests", "rocky coasts", "high meadows", "sandy hills");
        var threat = r.Pick("new roads", "dry summers", "dogs off the lead", "fertiliser in the water");
        int grams = 10 * r.Between(3, 400), years = r.Between(3, 40), left = 100 * r.Between(3, 90);
        var animals = animal == "dune mouse" ? "dune mice" : Wording.Plural(animal);
        return new(
            r.Pick(
                $"The {animal} lives in {home} and eats mostly {food}. A grown animal weighs about {grams} grams and lives up to {years} "
                    + $"years. Only about {left} are left, and {threat} make life harder for them.",
                $"In the {home} of the north lives the {animal}. It weighs some {grams} grams and feeds on {food}. "
                    + $"It can live {years} years, but because of {threat} only about {left} remain."),
            $"The {animal} of the {home} is threatened by {threat}, with only about {left} left.",
            $"The {Wording.Title(animal)}: Fewer Than Before",
            [
                $"{Wording.Capital(animals)} live in {home} and eat {food}", $"They weigh about {grams} grams",
                $"About {left} are left because of {threat}",
            ],
            [
                ("Where does the animal live?", $"In {home}."), ("What does it eat?", $"{Wording.Capital(food)}."),
                ("How much does it weigh?", $"About {grams} grams."), ("How long can it live?", $"Up to {years} years."),
                ("What threatens it?", $"{Wording.Capital(threat)}."),
            ],
            ["What colour is it?", "How many young does it have?", "Does it sleep in winter?"]);
    }

    private static Passage Person(SeededRandom r)
    {
        string who = r.Pick(Words.Names), surname = r.Pick(Words.Surnames), home = r.Pick(Words.Cities), work = r.Pick(Words.Companies);
        var before = r.Pick("nurse", "bus driver", "teacher", "baker", "gardener", "cook");
        var after = r.Pick("programmer", "carpenter", "photographer", "pilot", "translator", "beekeeper");
        int years = r.Between(4, 25), age = r.Between(29, 61);
        return new(
            r.Pick(
                $"{who} {surname} worked as a {before} in {home} for {years} years. At {age}, {who} took evening classes and became a "
                    + $"{after}. Today {who} works for {work} and says the hardest part was the first week.",
                $"For {years} years {who} {surname} was a {before} in {home}. Then, aged {age}, {who} went to evening classes to become a "
                    + $"{after}, and was hired by {work}. The hardest part, says {who}, was the first week."),
            $"{who} {surname} went from {before} to {after} at the age of {age}.",
            $"From {Wording.Title(before)} to {Wording.Title(after)}",
            [
                $"{who} {surname} was a {before} for {years} years", $"Evening classes at {age} led to work as a {after}",
                $"{who} now works for {work}",
            ],
            [
                ($"What was {who}'s first job?", $"{Wording.Capital(before)}."),
                ($"What is {who}'s job now?", $"{Wording.Capital(after)}."), ($"Who employs {who}?", $"{work}."),
                ($"At what age did {who} change jobs?", $"{age}."), ($"What does {who} say was the hardest part?", "The first week."),
            ],
            [$"How much does {who} earn?", $"What is the name of {who}'s teacher?", $"Does {who} have children?"]);
    }

    private static Passage Study(SeededRandom r)
    {
        string name = $"{r.Pick(Words.Names)} {r.Pick(Words.Surnames)}", city = r.Pick(Words.Cities);
        var habit = r.Pick(
            "walking at noon", "sleeping eight hours", "reading on paper", "drinking more water", "writing lists by hand",
            "working near a window");
        var effect = r.Pick("made fewer mistakes", "felt less tired", "remembered more names", "had fewer headaches", "finished earlier");
        int people = 10 * r.Between(6, 90), weeks = r.Between(3, 30), percent = r.Between(8, 45);
        return new(
            r.Pick(
                $"Researchers in {city} followed {people} office workers for {weeks} weeks. Half of them were asked to try {habit}. "
                    + $"That half {effect}: the difference was {percent} percent. {name}, who led the study, warns that it was small.",
                $"A study from {city} looked at {habit}. Of {people} office workers, half tried it for {weeks} weeks, and that half "
                    + $"{effect}, by {percent} percent. The study is small, says its leader {name}."),
            $"A small study in {city} found that office workers who tried {habit} {effect}.",
            $"A Study of {Wording.Title(habit)}",
            [$"{people} office workers were followed for {weeks} weeks", $"Those who tried {habit} {effect}", "The study was small"],
            [
                ("How many people were in the study?", $"{people}."), ("How long did it last?", $"{weeks} weeks."),
                ("Who led the study?", $"{name}."), ("How big was the difference?", $"{percent} percent."),
                ("What did half of the people try?", $"{Wording.Capital(habit)}."),
            ],
            ["Who paid for the study?", "How old were the people?", "In which journal did it appear?"]);
    }
}
