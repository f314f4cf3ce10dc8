package service

import "time"

// SetMaxJournal changes how long a journal becomes before it is begun anew.
func (o *Options) SetMaxJournal(n int64) { o.maxJournal = n }

// SetAnswers changes how long answers are kept, how many, and how long a
// request waits for one with the same key.
func (s *Server) SetAnswers(life time.Duration, most int64, patience time.Duration) {
	s.answers.life, s.answers.most, s.answers.patience = life, most, patience
}

// MaxRequests is how many are answered at a time.
const MaxRequests = maxRequests

// ParsePerson is what the desk's slips are read with.
var ParsePerson = parsePerson
