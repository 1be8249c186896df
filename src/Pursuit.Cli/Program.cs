using System.CommandLine;

var root = new RootCommand("Picks the small weighted subset of training examples that trains a language model best, and proves it.");
return root.Parse(args).Invoke();
