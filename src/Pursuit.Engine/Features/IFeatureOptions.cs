namespace Pursuit.Engine.Features;

/// <summary>Options that say how one kind of feature is made.</summary>
public interface IFeatureOptions
{
    /// <summary>The name the options go by in <c>--set</c>.</summary>
    static abstract string Name { get; }

    /// <summary>The name of the file that keeps them in a run.</summary>
    static abstract string RecipeName { get; }

    /// <summary>Checks the ranges; all faults come in one message.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    void Validate();
}
