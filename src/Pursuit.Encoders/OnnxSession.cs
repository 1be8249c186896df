using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Pursuit.Engine.Features;

namespace Pursuit.Encoders;

/// <summary>
/// An ONNX file's weights in memory. Each text runs alone, on the thread that asks: so its vector has the same bits whatever else runs.
/// </summary>
internal sealed class OnnxSession : IEncoderSession
{
    private const string Ids = "input_ids", Mask = "attention_mask", Types = "token_type_ids", Positions = "position_ids";
    private static readonly string[] Known = [Ids, Mask, Types, Positions];
    private static readonly string[] StateNames = ["last_hidden_state", "token_embeddings", "hidden_states"];
    private static readonly string[] VectorNames = ["sentence_embedding", "sentence_embeddings", "embeddings", "embedding", "text_embeds"];

    private readonly EncoderDescription _encoder;
    private readonly OnnxFile _file;
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly string[] _inputs;
    private readonly bool[] _wide; // int64 inputs; the others are int32
    private readonly string[] _output;
    private readonly bool _pools;

    private OnnxSession(EncoderDescription encoder, OnnxFile file, InferenceSession session)
    {
        (_encoder, _file, _session) = (encoder, file, session);
        _inputs = [.. session.InputNames];
        if (_inputs.Except(Known).ToArray() is { Length: > 0 } others)
            throw Unfit($"the input {string.Join(", ", others)}", $"no inputs but {string.Join(", ", Known)}");
        if (!_inputs.Contains(Ids)) throw Unfit($"the inputs {string.Join(", ", _inputs)}", $"the input {Ids}");
        _wide =
        [
            .. _inputs.Select(name => session.InputMetadata[name].ElementDataType switch
            {
                TensorElementType.Int64 => true,
                TensorElementType.Int32 => false,
                var type => throw Unfit($"the input {name} of {type}", "int64 or int32"),
            }),
        ];
        (var output, _pools) = Output();
        _output = [output];
        Dimension = MeasureDimension();
    }

    /// <summary>The version of ONNX Runtime: another may compute other last digits.</summary>
    public static string RuntimeVersion => OrtEnv.Instance().GetVersionString();

    /// <inheritdoc/>
    public int Dimension { get; }

    /// <summary>Reads an encoder's weights.</summary>
    /// <exception cref="PursuitException">ONNX Runtime refuses the file or isn't here, or its inputs or outputs are others.</exception>
    public static OnnxSession Open(EncoderDescription encoder, OnnxFile file)
    {
        InferenceSession? session = null;
        try
        {
            using var options = new SessionOptions
            {
                // Texts run side by side, each on one thread: no thread waits for another, and none changes the order of a sum.
                IntraOpNumThreads = 1,
                InterOpNumThreads = 1,
                ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
                EnableMemoryPattern = false, // texts differ in length
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, // what fails is thrown, and told by us
            };
            session = new InferenceSession(file.Path, options);
            return new OnnxSession(encoder, file, session);
        }
        catch (OnnxRuntimeException e)
        {
            session?.Dispose();
            throw Refused(file, e);
        }
        catch
        {
            session?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Encode(EncoderTokens tokens, Span<float> vector)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        using var results = Run(tokens);
        var (states, shape) = Floats(results[0]);
        if (shape[^1] != vector.Length || states.Length % vector.Length != 0)
            throw Unfit($"an output of {string.Join(" x ", shape)} numbers", $"vectors of {vector.Length}");
        if (_pools) Pooling.Apply(_encoder.Pool, states, tokens.PooledFrom, vector);
        else states[..vector.Length].CopyTo(vector);
        _encoder.Finish(vector);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _run.Dispose();
        _session.Dispose();
    }

    private IDisposableReadOnlyCollection<OrtValue> Run(EncoderTokens tokens)
    {
        var length = tokens.Ids.Count;
        long[] shape = [1, length];
        var values = new OrtValue[_inputs.Length];
        try
        {
            for (var i = 0; i < values.Length; i++)
            {
                var input = new long[length];
                for (var t = 0; t < length; t++)
                {
                    input[t] = _inputs[i] switch
                    {
                        Ids => tokens.Ids[t],
                        Mask => 1,
                        Positions => t,
                        _ => 0,
                    };
                }

                values[i] = _wide[i]
                    ? OrtValue.CreateTensorValueFromMemory(input, shape)
                    : OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(input, value => (int)value), shape);
            }

            return _session.Run(_run, _inputs, values, _output);
        }
        catch (OnnxRuntimeException e)
        {
            throw PursuitException.At(
                _file.Path, $"a failure on a text of {length:N0} tokens ({FirstLine(e.Message)})", "a vector",
                $"Look at the model's inputs; a shorter {ApiName.MaxLength} may do.", e);
        }
        finally
        {
            foreach (var value in values) value?.Dispose();
        }
    }

    private (string Name, bool Pools) Output()
    {
        var names = _session.OutputNames;
        var own = names.Where(name => VectorNames.Contains(name)).ToArray();
        var states = names.Where(name => StateNames.Contains(name)).Concat(names.Where(name => Rank(name) == 3)).ToArray();
        if (_encoder.Pool != EncoderPool.Auto && states.Length > 0) return (states[0], true);
        if (own.Length > 0) return (own[0], false);
        if (names.Count == 1 && Rank(names[0]) == 2) return (names[0], false);
        throw Unfit(
            $"the outputs {string.Join(", ", names)}",
            _encoder.Pool == EncoderPool.Auto
                ? "sentence_embedding, since modules.json names a Dense module that is in no other file read here"
                : "last_hidden_state, or sentence_embedding");
    }

    private int Rank(string output) => _session.OutputMetadata[output].Dimensions?.Length ?? 0;

    private int MeasureDimension()
    {
        if (_session.OutputMetadata[_output[0]].Dimensions is { Length: > 0 } dimensions && dimensions[^1] > 0) return dimensions[^1];
        var (before, after) = _encoder.Tokenizer.Frame;
        int[] shortest = [.. before, .. after];
        using var results = Run(new EncoderTokens(shortest.Length > 0 ? shortest : [0], 0, false));
        return (int)Floats(results[0]).Shape[^1];
    }

    private (float[] Values, long[] Shape) Floats(OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        return info.ElementDataType switch
        {
            TensorElementType.Float => (value.GetTensorDataAsSpan<float>().ToArray(), info.Shape),
            TensorElementType.Float16 =>
                (Array.ConvertAll(value.GetTensorDataAsSpan<Float16>().ToArray(), half => half.ToFloat()), info.Shape),
            var type => throw Unfit($"the output {_output[0]} of {type}", "float or float16"),
        };
    }

    private PursuitException Unfit(string found, string expected) =>
        PursuitException.At(_file.Path, found, expected, "Name another file with encoder.file, or export the encoder anew.");

    private static PursuitException Refused(OnnxFile file, OnnxRuntimeException e)
    {
        var opset = file.Opset is { } version && e.Message.Contains("opset", StringComparison.OrdinalIgnoreCase)
            ? $"operators of version {version}: "
            : "";
        return PursuitException.At(
            file.Path, $"{opset}{FirstLine(e.Message)}", $"a model that ONNX Runtime {RuntimeVersion} reads",
            opset.Length > 0 ? "Export it for an older opset." : "Export the encoder anew, or copy the file again.", e);
    }

    private static string FirstLine(string message) => message.Split('\n')[0].Trim();
}
