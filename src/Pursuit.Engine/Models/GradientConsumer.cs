using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>A consumer that ignores everything; derive from it and override what is wanted.</summary>
internal abstract class GradientConsumer : IGradientConsumer
{
    /// <inheritdoc/>
    public virtual int LowestLayer => 0;

    /// <inheritdoc/>
    public virtual bool WantsVectors => false;

    /// <inheritdoc/>
    public virtual void Begin(DeviceBatch batch)
    {
    }

    /// <inheritdoc/>
    public virtual void OnLinear(in LinearGradient gradient)
    {
    }

    /// <inheritdoc/>
    public virtual void OnAdapter(in AdapterGradient gradient)
    {
    }

    /// <inheritdoc/>
    public virtual void OnHead(in HeadGradient gradient)
    {
    }

    /// <inheritdoc/>
    public virtual void OnVector(DeviceBatch batch, Parameter parameter, BufferSlice gradient)
    {
    }

    /// <inheritdoc/>
    public virtual void OnEmbedding(DeviceBatch batch, EmbeddingRows rows, BufferSlice deltas)
    {
    }

    /// <inheritdoc/>
    public virtual void End(DeviceBatch batch)
    {
    }
}
