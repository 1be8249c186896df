using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

internal sealed partial class DecoderWorker
{
    /// <summary>Which expert each layer's tokens went to in the last forward pass.</summary>
    private readonly MixtureRouting?[] _routings;

    /// <summary>y = the residual stream before the block + each token's experts' outputs by their weights.</summary>
    private void AddMixture(int layer, MixtureParameters mixture, BufferSlice normed, Activations.KeptLayer kept, BufferSlice y)
    {
        var (a, hidden, own) = (_activations!, _config.HiddenSize, kept.Mixture);
        Linear(mixture.Router, normed, own.Logits);
        var routing = _routings[layer] ??= new MixtureRouting(_operations, _config);
        routing.Route(_batch, own.Logits, own.Weights);
        _operations.Copy(kept.Middle.Part(0, _batch.Tokens * hidden), y);
        for (var e = 0; e < mixture.Experts.Count; e++)
        {
            var (expert, slots) = (mixture.Experts[e], routing.Slots(e));
            if (slots.Count == 0)
                continue;
            var (rows, shape) = (new RowSet(slots.Count, routing.Segments(e)), _config.Expert(slots.Count));
            var gateUp = Rows(own.GateUp, slots, shape.Inputs);
            var output = Rows(own.Outputs, slots, hidden);
            var scaled = a.ExpertRows.Part(0, slots.Count * hidden);
            _operations.GatherRows(normed, routing.Rows(e), hidden, a.ExpertInput);
            Linear(rows, expert.GateUp, a.ExpertInput, gateUp);
            _operations.Activate(shape, gateUp, a.Gated);
            Linear(rows, expert.Down, a.Gated, output);
            _operations.ScaleRows(Rows(own.Weights, slots, 1), output, hidden, scaled);
            _operations.ScatterAddRows(scaled, routing.Rows(e), hidden, y);
        }
    }

    /// <summary>From the residual stream's gradient to that of what the mixture read, in NormedGradient.</summary>
    private void MixtureGradient(IGradientConsumer consumer, int layer, MixtureParameters mixture, BufferSlice normed)
    {
        var (a, hidden, own) = (_activations!, _config.HiddenSize, _activations!.Layer(layer).Mixture);
        var routing = _routings[layer]!;
        var slots = routing.Count;
        // What the weights of the slots are worth: each output's product with the gradient it met.
        var (met, numbers) = (a.SlotGradients.Part(0, slots * hidden), a.SlotNumbers.Part(0, slots));
        _operations.GatherRows(a.Residual, routing.AllRows, hidden, met);
        _operations.DotRows(met, own.Outputs.Part(0, slots * hidden), hidden, numbers);
        routing.RouterGradient(numbers, a.RouterGradient);
        LinearGradient(mixture.Router, a.RouterGradient, a.NormedGradient);
        Show(consumer, mixture.Router, normed, a.RouterGradient);

        for (var e = 0; e < mixture.Experts.Count; e++)
        {
            var (expert, place) = (mixture.Experts[e], routing.Slots(e));
            var (rows, shape) = (new RowSet(place.Count, routing.Segments(e)), _config.Expert(place.Count));
            var (gateUp, dOutput) = (Rows(own.GateUp, place, shape.Inputs), Rows(met, place, hidden));
            var input = a.ExpertInput.Part(0, place.Count * hidden);
            if (place.Count > 0)
            {
                _operations.ScaleRows(Rows(own.Weights, place, 1), dOutput, hidden, dOutput);
                LinearGradient(rows, expert.Down, dOutput, a.Gated);
                _operations.ActivateBackward(shape, gateUp, a.Gated);
            }

            // Consumers that take micro-batches in turn must see every layer of each.
            Show(consumer, rows, expert.Down, a.Gated, dOutput);
            if (place.Count > 0)
            {
                LinearGradient(rows, expert.GateUp, gateUp, a.ExpertRows);
                _operations.GatherRows(normed, routing.Rows(e), hidden, input);
                _operations.ScatterAddRows(
                    a.ExpertRows.Part(0, place.Count * hidden), routing.Rows(e), hidden, a.NormedGradient);
            }

            Show(consumer, rows, expert.GateUp, input, gateUp);
        }
    }

    /// <summary>The rows of an expert's slots; without any a row that nobody reads, of which some columns may be asked.</summary>
    private static BufferSlice Rows(BufferSlice values, SlotRange slots, int width) =>
        slots.Count == 0 ? values.Part(0, width) : values.Part(slots.First * width, slots.Count * width);
}
