using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Pursuit.TestKit;

/// <summary>
/// A sentence encoder of a few kilobytes, written as an ONNX file: embeddings of tokens, positions and types, attention of each token to
/// all, a linear map and tanh. <see cref="States"/> computes the same from the same weights in double precision.
/// </summary>
internal sealed class TinyEncoder
{
    /// <summary>Numbers of a hidden state.</summary>
    public const int Width = 6;

    /// <summary>The longest text, in tokens.</summary>
    public const int Positions = 24;

    private const int Int64 = 7, Int32 = 6, Float = 1;
    private readonly SeededRandom _random = new(7, "test/tiny-encoder");

    public TinyEncoder()
    {
        Vocabulary =
        [
            "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]",
            .. Enumerable.Range('a', 26).SelectMany(c => new[] { $"{(char)c}", $"##{(char)c}" }),
            .. Enumerable.Range('0', 10).SelectMany(c => new[] { $"{(char)c}", $"##{(char)c}" }), ":", ".", "the", "query",
        ];
        (Tokens, Places, Types, Map) = (Matrix(Vocabulary.Length), Matrix(Positions), Matrix(2), Matrix(Width));
    }

    /// <summary>The lines of vocab.txt.</summary>
    public string[] Vocabulary { get; }

    private float[] Tokens { get; }

    private float[] Places { get; }

    private float[] Types { get; }

    private float[] Map { get; }

    /// <summary>What the ONNX file is like, where it isn't as encoders usually are.</summary>
    public sealed record Shape
    {
        /// <summary>The name of the token ids.</summary>
        public string Ids { get; init; } = "input_ids";

        /// <summary>Whether inputs are int32.</summary>
        public bool Narrow { get; init; }

        /// <summary>The output's name.</summary>
        public string Output { get; init; } = "last_hidden_state";

        /// <summary>Whether the file takes the first token's state itself.</summary>
        public bool Pools { get; init; }

        /// <summary>The operators' version.</summary>
        public int Opset { get; init; } = 13;

        /// <summary>A file that holds the tokens' embeddings, beside the model; null for none.</summary>
        public string? Outside { get; init; }
    }

    /// <summary>Writes a whole encoder's directory.</summary>
    /// <param name="directory">Gets the files.</param>
    /// <param name="pooling">The pooling module's flag that is set; null for no module.</param>
    /// <param name="shape">What the ONNX file is like.</param>
    /// <param name="name">The ONNX file.</param>
    public void Save(TemporaryDirectory directory, string? pooling = "mean_tokens", Shape? shape = null, string name = "model.onnx")
    {
        shape ??= new Shape();
        directory.Write(name, Model(shape));
        if (shape.Outside is { } outside)
            directory.Write(Path.Combine(Path.GetDirectoryName(name)!, outside), MemoryMarshal.AsBytes<float>(Tokens));
        directory.Write("vocab.txt", string.Join('\n', Vocabulary) + "\n");
        directory.Write(
            "config.json",
            JsonSerializer.Serialize(
                new { model_type = "bert", vocab_size = Vocabulary.Length, max_position_embeddings = Positions, hidden_size = Width }));
        if (pooling is null) return;
        directory.Write("1_Pooling/config.json", $$"""{"word_embedding_dimension": {{Width}}, "pooling_mode_{{pooling}}": true}""");
        directory.Write(
            "modules.json",
            """
            [{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
             {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
            """);
    }

    /// <summary>The hidden states of a text's tokens, [tokens][<see cref="Width"/>].</summary>
    public double[][] States(IReadOnlyList<int> ids)
    {
        var input = ids.Select((id, t) =>
            Range(Width, k => (double)Tokens[(id * Width) + k] + Places[(t * Width) + k] + Types[k])).ToArray();
        return
        [
            .. input.Select(own =>
            {
                var scores = input.Select(other => Math.Exp(own.Zip(other, (a, b) => a * b).Sum())).ToArray();
                var mixed = Range(Width, k => input.Select((state, t) => state[k] * scores[t]).Sum() / scores.Sum());
                return Range(Width, k => Math.Tanh(own[k] + Enumerable.Range(0, Width).Sum(j => mixed[j] * Map[(j * Width) + k])));
            }),
        ];
    }

    private static double[] Range(int count, Func<int, double> value) => [.. Enumerable.Range(0, count).Select(value)];

    private float[] Matrix(int rows) => [.. Enumerable.Range(0, rows * Width).Select(_ => (float)((_random.NextDouble() * 1.6) - 0.8))];

    /// <summary>The ONNX file.</summary>
    /// <remarks>A protocol buffer (onnx.proto): numbers of fields are those of ModelProto, GraphProto, NodeProto and TensorProto.</remarks>
    public byte[] Model(Shape shape)
    {
        var ids = shape.Narrow ? Int32 : Int64;
        var last = shape.Pools ? "states" : shape.Output;
        var graph = Message(
            [
                .. Node("Gather", ["tokens", shape.Ids], "t"),
                .. Node("Cast", ["attention_mask"], "mask", ("to", Int64)), .. Node("CumSum", ["mask", "one"], "counted"),
                .. Node("Sub", ["counted", "one"], "place"), .. Node("Gather", ["places", "place"], "p"),
                .. Node("Gather", ["types", "token_type_ids"], "y"), .. Node("Add", ["t", "p"], "tp"), .. Node("Add", ["tp", "y"], "x"),
                .. Node("Transpose", ["x"], "xt", ("perm", -1)), .. Node("MatMul", ["x", "xt"], "scores"),
                .. Node("Softmax", ["scores"], "shares", ("axis", 2)), .. Node("MatMul", ["shares", "x"], "mixed"),
                .. Node("MatMul", ["mixed", "map"], "mapped"), .. Node("Add", ["x", "mapped"], "sum"), .. Node("Tanh", ["sum"], last),
                .. shape.Pools ? Node("Gather", [last, "zero"], shape.Output, ("axis", 1)) : [],
                .. Field(2, Encoding.UTF8.GetBytes("tiny")),
                .. Tensor("tokens", Vocabulary.Length, Tokens, shape.Outside), .. Tensor("places", Positions, Places),
                .. Tensor("types", 2, Types), .. Tensor("map", Width, Map), .. Scalar("one", 1), .. Scalar("zero", 0),
                .. Value(11, shape.Ids, ids, "batch", "length"), .. Value(11, "attention_mask", ids, "batch", "length"),
                .. Value(11, "token_type_ids", ids, "batch", "length"),
                .. shape.Pools ? Value(12, shape.Output, Float, "batch", Width) : Value(12, shape.Output, Float, "batch", "length", Width),
            ]);
        return [.. Number(1, 8), .. Field(7, graph), .. Field(8, Message([.. Field(1, []), .. Number(2, shape.Opset)]))];
    }

    private static byte[] Node(string type, string[] inputs, string output, (string Name, int Value)? attribute = null)
    {
        byte[] attributes = attribute switch
        {
            null => [],
            (var name, -1) => Field(5, Message([.. Text(1, name), .. Number(8, 0), .. Number(8, 2), .. Number(8, 1), .. Number(20, 7)])),
            var (name, value) => Field(5, Message([.. Text(1, name), .. Number(3, value), .. Number(20, 2)])),
        };
        return Field(1, Message([.. inputs.SelectMany(i => Text(1, i)), .. Text(2, output), .. Text(4, type), .. attributes]));
    }

    private static byte[] Tensor(string name, int rows, float[] values, string? outside = null) => Field(
        5,
        Message(
            [
                .. Number(1, rows), .. Number(1, Width), .. Number(2, Float), .. Text(8, name),
                .. outside is null
                    ? Field(9, MemoryMarshal.AsBytes<float>(values).ToArray())
                    : [.. Field(13, Message([.. Text(1, "location"), .. Text(2, outside)])), .. Number(14, 1)],
            ]));

    private static byte[] Scalar(string name, int value) => Field(5, Message([.. Number(2, Int64), .. Number(7, value), .. Text(8, name)]));

    private static byte[] Value(int field, string name, int type, params object[] dimensions)
    {
        var shape = dimensions.SelectMany(d => Field(1, Message(d is int size ? Number(1, size) : Text(2, (string)d))));
        return Field(
            field, Message([.. Text(1, name), .. Field(2, Message(Field(1, Message([.. Number(1, type), .. Field(2, Message(shape))]))))]));
    }

    private static byte[] Message(IEnumerable<byte> fields) => [.. fields];

    private static byte[] Text(int field, string text) => Field(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Field(int field, byte[] content) => [.. Varint((field << 3) | 2), .. Varint(content.Length), .. content];

    private static byte[] Number(int field, long value) => [.. Varint(field << 3), .. Varint(value)];

    private static IEnumerable<byte> Varint(long value)
    {
        for (; value > 0x7F; value >>= 7) yield return (byte)(0x80 | (value & 0x7F));
        yield return (byte)value;
    }
}
