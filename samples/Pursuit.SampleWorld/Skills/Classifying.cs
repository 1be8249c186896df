using Pursuit.Data;

namespace Pursuit.SampleWorld.Skills;

/// <summary>One label for a short text.</summary>
internal static class Classifying
{
    public static readonly Skill Sentiment = new("sentiment", "positive, negative or neutral reviews", 140, MakeSentiment);
    public static readonly Skill Intent = new("intent-topic", "what a customer wants, or what a sentence is about", 140, MakeIntent);

    private static readonly (string Good, string Bad, string Plain)[] Remarks =
    [
        ("works perfectly", "broke after two days", "comes in three sizes"),
        ("is worth every cent", "is a waste of money", "costs about the same as others"),
        ("arrived early and well packed", "arrived late and scratched", "arrived on the day given"),
        ("feels solid and looks lovely", "feels cheap and looks worse", "is made of plastic and metal"),
        ("made my mornings easier", "made me angry every morning", "is used in the morning"),
        ("is the best I have owned", "is the worst I have owned", "replaced an older one"),
        ("does exactly what I hoped", "does nothing it promises", "has two buttons"),
        ("has been a joy to use", "has been nothing but trouble", "has a manual in four languages"),
    ];

    private static readonly string[] GoodEnds =
        ["I would buy it again.", "Thank you!", "Five stars.", "My whole family likes it.", "I recommend it."];
    private static readonly string[] BadEnds =
        ["I want my money back.", "Never again.", "One star.", "Please stay away from it.", "I'm disappointed."];
    private static readonly string[] PlainEnds =
        ["The box is brown.", "I bought it in spring.", "It stands in the hall.", "The colour is as shown.", "It weighs about a kilo."];

    private static readonly (string Label, string[] Texts)[] Intents =
    [
        ("refund",
            [
                "I'd like my money back for the {0}.", "The {0} isn't what I ordered. Please return the payment.",
                "Can I get a refund on my {0}?", "I sent the {0} back last week and want the money returned.",
            ]),
        ("delivery",
            [
                "Where is my {0}? It should have come by now.", "When will the {0} be delivered?",
                "My tracking page hasn't changed since I ordered the {0}.", "Can the {0} be left with a neighbour?",
            ]),
        ("repair",
            [
                "The {0} no longer works. Can someone fix it?", "A part of my {0} is broken; do you repair it?",
                "My {0} makes a strange noise and needs mending.", "How do I send in the {0} for repair?",
            ]),
        ("order",
            [
                "I want to buy two of the {0}.", "Please add the {0} to my order.", "How can I order the {0} for my office?",
                "I'd like one {0}, please, to be sent to my home.",
            ]),
        ("complaint",
            [
                "Your staff were rude when I asked about the {0}.", "I waited an hour on the phone about the {0}. This is not acceptable.",
                "Nobody has answered my three letters about the {0}.", "I'm very unhappy with how you handled the {0}.",
            ]),
    ];

    private static readonly (string Label, string[] Texts)[] Topics =
    [
        ("sport",
            [
                "{0} scored twice as {1} won the final.", "The runners of {1} trained in the rain with {0}.",
                "{0} will miss the next match because of a knee injury.",
            ]),
        ("food",
            [
                "{0} opened a bakery in {1} that sells rye bread.", "Add the onions slowly, says {0}, and stir the soup often.",
                "The market in {1} is known for its cheese.",
            ]),
        ("weather",
            [
                "Heavy snow closed the roads around {1} on {2}.", "It will be sunny in {1} until {2}, with light wind.",
                "{0} measured the strongest storm in {1} for years.",
            ]),
        ("music",
            [
                "{0} played the violin at the town hall of {1}.", "The choir of {1} sings new songs on {2}.",
                "{0}'s second album was recorded in a barn.",
            ]),
        ("travel",
            [
                "The night train to {1} now leaves on {2}.", "{0} walked along the coast from {1} with a tent.",
                "Hotels in {1} are full until {2}.",
            ]),
        ("business",
            [
                "{0} sold the company in {1} to a rival.", "Shares fell on {2} after {0} left the board.",
                "A factory in {1} will hire two hundred people.",
            ]),
    ];

    private static IReadOnlyList<Turn> MakeSentiment(SeededRandom random)
    {
        var item = random.Pick(Words.Products);
        var (good, bad, plain) = random.Pick<(string, string, string)>(Remarks);
        var (label, remark, ends) = random.Pick(("positive", good, GoodEnds), ("negative", bad, BadEnds), ("neutral", plain, PlainEnds));
        var review = random.Pick(
            $"This {item} {remark}. {random.Pick(ends)}", $"I got the {item} last month. It {remark}. {random.Pick(ends)}",
            $"{random.Pick(Words.Names)} gave me this {item}. It {remark}.",
            $"The {item} {remark}, and that is all I have to say. {random.Pick(ends)}");
        return random.NextInt(4) switch
        {
            0 => Talk.Under("Classify reviews as positive, negative or neutral. Reply with one word.", review, label),
            1 => Talk.Once($"Is this review positive, negative or neutral?\n\n{review}", $"The review is {label}."),
            2 => Talk.Once($"What is the sentiment of this text: positive, negative or neutral?\n\"{review}\"", label),
            _ => Talk.Once(
                $"Label the review as positive, negative or neutral and quote the words that show it.\n\n{review}",
                $"{Wording.Capital(label)}: \"{remark}\"."),
        };
    }

    private static IReadOnlyList<Turn> MakeIntent(SeededRandom random)
    {
        if (random.Chance(0.5))
        {
            var (intent, texts) = random.Pick<(string, string[])>(Intents);
            var text = random.Pick(texts).Replace("{0}", random.Pick(Words.Products), StringComparison.Ordinal);
            var labels = random.Sample<string>([.. Intents.Select(i => i.Label)], Intents.Length);
            return random.Chance(0.3)
                ? Talk.Under($"You sort customer messages. Labels: {string.Join(", ", labels)}. Answer with the label.", text, intent)
                : Talk.Once(
                    $"{random.Pick("What does this customer want?", "Choose the intent of the message.")} Labels: "
                        + $"{string.Join(", ", labels)}.\n\n{text}",
                    intent);
        }

        var (topic, sentences) = random.Pick<(string, string[])>(Topics);
        var sentence = random.Pick(sentences).Replace("{0}", random.Pick(Words.Names), StringComparison.Ordinal)
            .Replace("{1}", random.Pick(Words.Cities), StringComparison.Ordinal)
            .Replace("{2}", random.Pick(Words.Weekdays), StringComparison.Ordinal);
        var topics = random.Sample<string>([.. Topics.Select(t => t.Label)], Topics.Length);
        return Talk.Once(
            random.Pick(
                $"What is this sentence about: {Wording.Or(topics)}?\n\n{sentence}",
                $"Choose one topic ({string.Join(", ", topics)}) for this sentence.\n\n{sentence}"),
            random.Pick(topic, $"The topic is {topic}."));
    }
}
