package main

import "context"

func demoCommand(ctx context.Context, c console, args []string) int { return exitUsage }
