using Mono.Cecil;

namespace Pursuit.TestKit.Architecture;

/// <summary>Reads which types of a built assembly use which, from its metadata and its methods' bodies.</summary>
/// <remarks>A constant is copied where it is used, so an arrow to a type whose constants alone are read isn't seen.</remarks>
internal static class AssemblyReader
{
    /// <summary>
    /// The arrows among an assembly's own types; nested types count as their outermost one, compiler-made ones not at all.
    /// </summary>
    /// <param name="path">The assembly's file.</param>
    public static IReadOnlySet<Arrow> ArrowsOf(string path)
    {
        using var module = ModuleDefinition.ReadModule(path);
        var arrows = new HashSet<Arrow>();
        foreach (var type in module.GetTypes())
        {
            var from = Outermost(type).FullName;
            foreach (var used in TypesUsedBy(type).SelectMany(Parts).Where(t => t.Scope == module))
            {
                var to = Outermost(used).FullName;
                if (from != to && !from.Contains('<') && !to.Contains('<')) arrows.Add(new(from, to));
            }
        }

        return arrows;
    }

    /// <summary>An assembly's public types, nested ones included.</summary>
    /// <param name="path">The assembly's file.</param>
    public static IReadOnlyList<string> PublicTypesOf(string path)
    {
        using var module = ModuleDefinition.ReadModule(path);
        return [.. module.GetTypes().Where(IsSeen).Select(t => t.FullName).Order(StringComparer.Ordinal)];
    }

    /// <summary>The text literals of an assembly's code and the texts in its attributes, with the type that holds each.</summary>
    /// <param name="path">The assembly's file.</param>
    public static IReadOnlyList<(string Type, string Text)> TextsOf(string path)
    {
        using var module = ModuleDefinition.ReadModule(path);
        return
        [
            .. from type in module.GetTypes()
               from method in type.Methods
               where method.HasBody
               from instruction in method.Body.Instructions
               where instruction.Operand is string
               select (Outermost(type).FullName, (string)instruction.Operand),
            .. from type in module.GetTypes()
               from property in type.Properties
               from attribute in property.CustomAttributes
               from argument in attribute.ConstructorArguments
               where argument.Value is string
               select (Outermost(type).FullName, (string)argument.Value),
        ];
    }

    private static bool IsSeen(TypeDefinition type) =>
        type.DeclaringType is null
            ? type.IsPublic
            : (type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamilyOrAssembly) && IsSeen(type.DeclaringType);

    private static IEnumerable<TypeReference> TypesUsedBy(TypeDefinition type)
    {
        if (type.BaseType is not null) yield return type.BaseType;
        foreach (var implemented in type.Interfaces) yield return implemented.InterfaceType;
        foreach (var used in AttributesOf(type).Concat(Constraints(type))) yield return used;
        foreach (var field in type.Fields)
        {
            yield return field.FieldType;
            foreach (var attribute in AttributesOf(field)) yield return attribute;
        }

        foreach (var property in type.Properties)
        {
            foreach (var attribute in AttributesOf(property)) yield return attribute;
        }

        foreach (var method in type.Methods)
        {
            foreach (var used in SignatureOf(method).Concat(AttributesOf(method)).Concat(Constraints(method))) yield return used;
            if (!method.HasBody) continue;
            foreach (var variable in method.Body.Variables) yield return variable.VariableType;
            foreach (var used in method.Body.Instructions.SelectMany(i => Operand(i.Operand))) yield return used;
        }
    }

    private static IEnumerable<TypeReference> Operand(object? operand) => operand switch
    {
        MethodReference method => SignatureOf(method),
        FieldReference field => [field.DeclaringType, field.FieldType],
        TypeReference type => [type],
        _ => [],
    };

    private static IEnumerable<TypeReference> SignatureOf(MethodReference method) =>
    [
        method.DeclaringType,
        method.ReturnType,
        .. method.Parameters.Select(p => p.ParameterType),
        .. method is GenericInstanceMethod generic ? generic.GenericArguments : [],
    ];

    private static IEnumerable<TypeReference> AttributesOf(ICustomAttributeProvider provider) =>
        provider.CustomAttributes.SelectMany(
            a => a.ConstructorArguments.Select(c => c.Value).OfType<TypeReference>().Prepend(a.AttributeType));

    private static IEnumerable<TypeReference> Constraints(IGenericParameterProvider provider) =>
        provider.GenericParameters.SelectMany(p => p.Constraints).Select(c => c.ConstraintType);

    /// <summary>
    /// The named types in a reference: an array's element, a generic type and its arguments; a function pointer has none.
    /// </summary>
    private static IEnumerable<TypeReference> Parts(TypeReference? reference) => reference switch
    {
        null or GenericParameter => [],
        GenericInstanceType generic => [generic.ElementType, .. generic.GenericArguments.SelectMany(Parts)],
        TypeSpecification specification => Parts(specification.ElementType),
        _ => [reference],
    };

    private static TypeReference Outermost(TypeReference type)
    {
        while (type.DeclaringType is not null) type = type.DeclaringType;
        return type;
    }
}
