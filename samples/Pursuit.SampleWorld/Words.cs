namespace Pursuit.SampleWorld;

/// <summary>The word lists that several skills share; written for this project.</summary>
internal static class Words
{
    public static readonly string[] Names =
    [
        "Ada", "Ben", "Carla", "Dario", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kaya", "Leo", "Mina", "Nils", "Olga",
        "Pablo", "Quinn", "Rosa", "Samir", "Tara", "Uma", "Viktor", "Wanda", "Yusuf", "Zoe", "Amara", "Bruno", "Clara", "Dmitri", "Esther",
        "Felix", "Gita", "Henrik", "Ivy", "Jamal", "Kira", "Luca", "Maya", "Noor", "Oscar", "Petra", "Rafael", "Selma", "Tomas", "Vera",
    ];

    public static readonly string[] Surnames =
    [
        "Lind", "Okafor", "Marsh", "Weber", "Santos", "Novak", "Haddad", "Moreau", "Ito", "Brandt", "Castellan", "Dunne", "Eriksen", "Falk",
        "Grant", "Horvat", "Iyer", "Jansen", "Keller", "Lopez", "Mbeki", "Nilsson", "Orlov", "Parker", "Quist", "Rossi", "Singh", "Tanaka",
        "Ulrich", "Varga", "Whitlock", "Yilmaz", "Zeman", "Abbott", "Byrne",
    ];

    public static readonly string[] Cities =
    [
        "Harlow", "Brightwater", "Oakhurst", "Linden", "Port Merrow", "Ashford", "Silverton", "Westbrook", "Marlow", "Eastvale", "Fernhill",
        "Kingsbury", "Northgate", "Redcliff", "Stonebridge", "Thornton", "Millbrook", "Pinewood", "Greyport", "Larkspur",
    ];

    public static readonly string[] Companies =
    [
        "Fernpost", "Bluepeak", "Norhaven", "Quickleaf", "Solstice", "Tidewater", "Amberline", "Cloudmill", "Redstone", "Ivorytech",
        "Lanternworks", "Mapleway", "Opaldesk", "Pinegrid", "Riverloom",
    ];

    /// <summary>Things one can count, buy and share; plain plurals.</summary>
    public static readonly string[] Things =
    [
        "apple", "pencil", "marble", "sticker", "book", "stamp", "cookie", "button", "shell", "candle", "ticket", "postcard", "balloon",
        "muffin", "bead", "coin", "flower", "orange", "notebook", "badge", "lemon", "brush", "peach", "magnet", "ribbon",
    ];

    public static readonly string[] Products =
    [
        "desk lamp", "wool blanket", "steel kettle", "garden chair", "travel mug", "canvas bag", "wall clock", "phone case", "rain jacket",
        "chess set", "bread knife", "yoga mat", "table fan", "bike light", "picture frame", "water filter", "camping stove", "keyboard",
    ];

    /// <summary>Lower-case words of letters only, for string tasks and sorting.</summary>
    public static readonly string[] Plain =
    [
        "anchor", "basket", "candle", "desert", "engine", "forest", "garden", "harbor", "island", "jungle", "kettle", "lantern", "meadow",
        "needle", "ocean", "pepper", "quartz", "ribbon", "saddle", "tunnel", "umbrella", "valley", "window", "yellow", "zipper", "apple",
        "bridge", "cloud", "dragon", "ember", "falcon", "grape", "honey", "iron", "jewel", "kite", "lemon", "mirror", "night", "olive",
        "planet", "quiet", "river", "silver", "thunder", "urban", "velvet", "winter", "yarn", "zebra", "autumn", "button", "copper", "dawn",
        "eagle", "feather", "glacier", "hammer", "ink", "jacket", "koala", "ladder", "magnet", "nest", "orbit",
        "pillow", "rocket", "shadow", "tiger", "violin", "walnut", "butter", "castle", "dolphin", "fiddle", "goose", "helmet", "igloo",
        "marble", "noodle", "oyster", "parrot", "rabbit", "spoon", "ticket", "village", "whistle", "acorn", "bottle", "carpet", "daisy",
        "flute", "ginger", "hazel",
    ];

    public static readonly string[] Colours = ["red", "blue", "green", "yellow", "white", "black", "brown", "purple", "orange", "grey"];

    public static readonly string[] Weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

    public static readonly string[] Months =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
}
