namespace Pursuit.SampleWorld.Skills;

/// <summary>
/// A short message and the facts in it, in the order they would be listed; a number is a JSON number, null a missing fact.
/// </summary>
/// <param name="Text">The message as a person would write it.</param>
/// <param name="Facts">Name, value as it stands in the text (null where the text is silent), and whether it is a number.</param>
internal sealed record Message(string Text, IReadOnlyList<(string Key, string? Value, bool IsNumber)> Facts);

/// <summary>The messages that the extraction skills read.</summary>
internal static class Messages
{
    private static readonly Func<SeededRandom, Message>[] All = [Contact, Order, Meeting, Invoice, Trip, Delivery, Booking];

    public static Message Draw(SeededRandom random) => random.Pick<Func<SeededRandom, Message>>(All)(random);

    private static (string Name, string Email) Person(SeededRandom r)
    {
        string first = r.Pick(Words.Names), last = r.Pick(Words.Surnames);
        var host = $"{r.Pick(Words.Companies).ToLowerInvariant()}.example";
        var local = r.NextInt(4) switch
        {
            0 => $"{first}.{last}",
            1 => $"{first[0]}{last}",
            2 => $"{last}{r.Between(1, 99)}",
            _ => first,
        };
        return ($"{first} {last}", $"{local.ToLowerInvariant()}@{host}");
    }

    private static string Phone(SeededRandom r) => $"555-{r.Between(100, 999)}-{r.Between(1000, 9999)}";

    private static string Time(SeededRandom r) => $"{r.Between(8, 20)}:{r.Pick("00", "15", "30", "45")}";

    private static Message Contact(SeededRandom r)
    {
        var (name, email) = Person(r);
        var phone = r.Chance(0.6) ? Phone(r) : null;
        var text = phone is null
            ? r.Pick(
                $"Please send the minutes to {name} at {email}.", $"You can reach {name} by writing to {email} any time.",
                $"My colleague {name} handles this now; the address is {email}.", $"{name} signed up this morning with {email}.")
            : r.Pick(
                $"For questions, call {name} on {phone} or write to {email}.", $"New contact: {name}, phone {phone}, mail {email}.",
                $"{name} has moved desks. The number is {phone}, the address is still {email}.",
                $"If {phone} is busy, {name} also answers at {email}.");
        return new(text, [("name", name, false), ("email", email, false), ("phone", phone, false)]);
    }

    private static Message Order(SeededRandom r)
    {
        string item = r.Pick(Words.Products), who = r.Pick(Words.Names);
        var count = r.Between(2, 40);
        var price = Wording.Money(25 * r.Between(10, 400));
        var items = Wording.Plural(item);
        return new(
            r.Pick(
                $"{who} ordered {count} {items} at {price} dollars each.", $"Order from {who}: {count} {items}, unit price {price}.",
                $"Hi, this is {who}. I'd like {count} {items}, please, if they still cost {price} each.",
                $"We sold {count} {items} to {who} for {price} a piece."),
            [("customer", who, false), ("item", items, false), ("quantity", $"{count}", true), ("unit_price", price, true)]);
    }

    private static Message Meeting(SeededRandom r)
    {
        string day = r.Pick(Words.Weekdays), time = Time(r), who = r.Pick(Words.Names);
        var topic = r.Pick(
            "the budget", "hiring", "the new website", "the summer fair", "safety training", "the roof repair", "next year's plan",
            "the school trip");
        var room = r.Chance(0.7) ? $"room {r.Between(1, 40)}" : null;
        var place = room is null ? "" : $" in {room}";
        return new(
            r.Pick(
                $"{who} invites you to talk about {topic} on {day} at {time}{place}.",
                $"Reminder: {topic}, {day}, {time}{place}. {who} will lead.",
                $"Can we meet{place} on {day}? {who} wants to discuss {topic} and is free at {time}.",
                $"The meeting on {topic} is set for {day} at {time}{place}, says {who}."),
            [("organizer", who, false), ("topic", topic, false), ("day", day, false), ("time", time, false), ("room", room, false)]);
    }

    private static Message Invoice(SeededRandom r)
    {
        var company = r.Pick(Words.Companies);
        var number = $"{r.Pick("INV", "R", "B")}-{r.Between(1000, 9999)}";
        var amount = Wording.Money(5 * r.Between(400, 60000));
        var due = $"{r.Between(1, 28)} {r.Pick(Words.Months)}";
        return new(
            r.Pick(
                $"Invoice {number} from {company} over {amount} dollars is due on {due}.",
                $"{company} asks us to pay {amount} dollars by {due} (invoice {number}).",
                $"Please settle {number} by {due}. {company} is waiting for {amount} dollars.",
                $"We received {number}: {company} charges {amount} dollars, payable until {due}."),
            [("company", company, false), ("invoice", number, false), ("amount", amount, true), ("due", due, false)]);
    }

    private static Message Trip(SeededRandom r)
    {
        var city = r.Sample<string>(Words.Cities, 2);
        string day = r.Pick(Words.Weekdays), time = Time(r), who = r.Pick(Words.Names);
        var means = r.Pick("train", "bus", "ferry", "car");
        return new(
            r.Pick(
                $"{who} takes the {means} from {city[0]} to {city[1]} on {day} at {time}.",
                $"On {day} {who} goes to {city[1]} by {means}, leaving {city[0]} at {time}.",
                $"Travel plan for {who}: {means}, {city[0]} to {city[1]}, {day}, {time}.",
                $"At {time} on {day} the {means} brings {who} from {city[0]} to {city[1]}."),
            [
                ("traveller", who, false), ("from", city[0], false), ("to", city[1], false), ("day", day, false), ("time", time, false),
                ("transport", means, false),
            ]);
    }

    private static Message Delivery(SeededRandom r)
    {
        string item = r.Pick(Words.Products),
            street = $"{r.Between(1, 199)} {r.Pick("Mill", "Station", "Garden", "Church", "River", "Market", "Hill")} "
                + $"{r.Pick("Street", "Road", "Lane")}",
            city = r.Pick(Words.Cities);
        var code = $"{r.Pick("PK", "TR", "DX")}{r.Between(10000, 99999)}";
        return new(
            r.Pick(
                $"Parcel {code} with one {item} goes to {street}, {city}.",
                $"Your {item} is on its way to {street} in {city}. Track it with {code}.",
                $"The driver left the {item} at {street}, {city}; tracking code {code}.",
                $"Deliver one {item} to {city}, {street}. Code: {code}."),
            [("item", item, false), ("street", street, false), ("city", city, false), ("tracking", code, false)]);
    }

    private static Message Booking(SeededRandom r)
    {
        var (name, email) = Person(r);
        int nights = r.Between(2, 14), guests = r.Between(2, 6);
        var city = r.Pick(Words.Cities);
        var from = $"{r.Between(1, 28)} {r.Pick(Words.Months)}";
        return new(
            r.Pick(
                $"{name} ({email}) booked {nights} nights in {city} for {guests} guests from {from}.",
                $"Reservation for {name}: {city}, {from}, {nights} nights, {guests} guests. Confirm to {email}.",
                $"From {from} we need a room for {guests} people in {city}. We stay {nights} nights. Regards, {name}, {email}"),
            [
                ("name", name, false), ("email", email, false), ("city", city, false), ("arrival", from, false),
                ("nights", $"{nights}", true), ("guests", $"{guests}", true),
            ]);
    }
}
